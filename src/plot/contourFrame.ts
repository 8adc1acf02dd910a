import type { ContourPanel } from "./contourPanel.js";
import { axisTextWidth } from "./numberAxis.js";
import type { CheckedGrid } from "./surfaceGrid.js";
import { wrapText } from "./text.js";

/** Of all texts on axes, in pixels. */
export const fontSize = 11;
const leastSide = 100;

/** Size, margins and axes; a unit has as many pixels on x as on y, unless the plane is very thin. */
export function layOut(
  { points = [], paths = [] }: ContourPanel,
  { x, y }: CheckedGrid,
  xLabel: string,
  yLabel: string,
  size: number,
) {
  const places = [
    ...points.map((point): readonly [number, number] => [point.x, point.y]),
    ...paths.flatMap((path) => path.points),
  ];
  const domain = (ticks: readonly number[], axis: 0 | 1): [number, number] => {
    const [low, high] = [ticks[0]!, ticks.at(-1)!];
    const all = places.map((place) => place[axis]);
    const [least, greatest] = [Math.min(low, ...all), Math.max(high, ...all)];
    // Room for the dot of a place outside.
    const room = (greatest - least) * 0.04;
    return [least < low ? least - room : low, greatest > high ? greatest + room : high];
  };
  const xDomain = domain(x, 0);
  const yDomain = domain(y, 1);
  const xSpan = xDomain[1] - xDomain[0];
  const ySpan = yDomain[1] - yDomain[0];
  const [longer, shorter] = [Math.max(xSpan, ySpan), Math.min(xSpan, ySpan)];
  // A thin plane gets a longer frame, and one that is thinner still is stretched across.
  const unit = Math.min(Math.max(size / longer, leastSide / shorter), (2 * size) / longer);
  const across = Math.max(1, leastSide / (shorter * unit));
  const stretch = { x: xSpan < ySpan ? across : 1, y: xSpan < ySpan ? 1 : across };
  const frame = {
    width: Math.round(xSpan * unit * stretch.x),
    height: Math.round(ySpan * unit * stretch.y),
  };
  const ticks = { x: Math.max(2, frame.width / 60), y: Math.max(3, frame.height / 45) };
  const xLines = xLabel === "" ? [] : wrapText(xLabel, frame.width, fontSize);
  const yLines = yLabel === "" ? [] : wrapText(yLabel, frame.height, fontSize);
  const yOffset =
    9 +
    axisTextWidth(yDomain, false, ticks.y, fontSize) +
    (yLines.length && yLines.length * fontSize + 8);
  const xOffset = 9 + fontSize + (xLines.length && xLines.length * fontSize + 9);
  // A tick at the right end has half of its number outside.
  const marginRight = Math.ceil(
    Math.max(8, axisTextWidth(xDomain, false, ticks.x, fontSize) / 2 + 2),
  );
  const marginLeft = Math.ceil(yOffset + 3);
  const marginBottom = Math.ceil(xOffset + 3);
  const marginTop = 8;
  const axis = { labelAnchor: "center", labelArrow: "none" } as const;
  return {
    frame,
    stretch,
    reachesOut:
      xDomain[0] < x[0]! || xDomain[1] > x.at(-1)! || yDomain[0] < y[0]! || yDomain[1] > y.at(-1)!,
    options: {
      width: frame.width + marginLeft + marginRight,
      height: frame.height + marginTop + marginBottom,
      marginTop,
      marginRight,
      marginBottom,
      marginLeft,
      x: {
        ...axis,
        domain: xDomain,
        ticks: ticks.x,
        label: xLabel === "" ? null : xLines.join("\n"),
        labelOffset: xOffset,
      },
      y: {
        ...axis,
        domain: yDomain,
        ticks: ticks.y,
        label: yLabel === "" ? null : yLines.join("\n"),
        labelOffset: yOffset,
      },
    },
  };
}

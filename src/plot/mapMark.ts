import type { RenderFunction } from "@observablehq/plot";
import { type Box, placeLabels } from "./placeLabels.js";
import { type MarkerName, markerPath } from "./seriesStyle.js";
import { inkColor, svgElement } from "./svg.js";
import { textWidth } from "./text.js";

/** A line over a map, through points in the units of the axes. */
export interface MapLine {
  readonly points: readonly (readonly [number, number])[];
  readonly color: string;
  readonly width: number;
  readonly dash: string;
}

/** A point over a map, with a text beside it. */
export interface MapPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Its text is left out where it would cover something. */
  readonly minor: boolean;
  readonly marker: Exclude<MarkerName, "none">;
  readonly radius: number;
  readonly fill: string;
  readonly stroke: string;
}

const fontSizes = { major: 12, minor: 9 };

/**
 * Lines, points and their texts above whatever lies below: each has a white rim, so that it is seen on
 * dark and on light ground, in colours and in grey. No text covers another or a point.
 */
export function mapMark(lines: readonly MapLine[], points: readonly MapPoint[]): RenderFunction {
  return (_index, scales, _values, dimensions, { document }) => {
    const toPixels = ([x, y]: readonly [number, number]): [number, number] => [
      Number(scales.x!(x)),
      Number(scales.y!(y)),
    ];
    const group = svgElement(document, "g", { "aria-label": "map" });
    const layer = (name: string) => {
      const element = svgElement(document, "g", { "aria-label": name });
      group.append(element);
      return element;
    };

    const paths = lines.map((line) => line.points.map(toPixels));
    const drawnLines = layer("paths");
    lines.forEach(({ color, width, dash }, i) => {
      const d = `M${paths[i]!.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L")}`;
      const shape = { d, fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round" };
      drawnLines.append(
        svgElement(document, "path", { ...shape, stroke: "white", "stroke-width": width + 2.4 }),
        svgElement(document, "path", {
          ...shape,
          stroke: color,
          "stroke-width": width,
          "stroke-dasharray": dash,
        }),
      );
    });

    const drawnPoints = layer("points");
    const places = points.map(({ x, y }) => toPixels([x, y]));
    // The first to get a place for its text, and drawn last: major points, then in the order given.
    const order = points
      .map((_, i) => i)
      .sort((a, b) => rank(points[a]!) - rank(points[b]!) || a - b);
    for (const i of order.toReversed()) {
      const { marker, radius, fill, stroke, text } = points[i]!;
      const [x, y] = places[i]!;
      const d = markerPath(marker, x, y, radius);
      // The white rim is wider than the outline and below it.
      drawnPoints.append(
        svgElement(document, "path", { d, fill: "white", stroke: "white", "stroke-width": 4 }),
        svgElement(
          document,
          "path",
          { d, fill, stroke, "stroke-width": 1.3 },
          svgElement(document, "title", {}, text),
        ),
      );
    }

    const { width, height, marginTop, marginRight, marginBottom, marginLeft } = dimensions;
    const frame = {
      left: marginLeft + 2,
      top: marginTop + 2,
      right: width - marginRight - 2,
      bottom: height - marginBottom - 2,
    };
    const solid = points.map(({ radius }, i) => square(places[i]!, radius + 1));
    const soft = paths.flatMap(samples).map((place) => square(place, 2));
    const labelled = order.filter((i) => points[i]!.text !== "");
    const boxes = placeLabels(
      labelled.map((i) => {
        const { text, minor, radius } = points[i]!;
        const fontSize = minor ? fontSizes.minor : fontSizes.major;
        const [x, y] = places[i]!;
        const size = { width: textWidth(text, fontSize), height: fontSize };
        return { x, y, ...size, gap: radius + 3.5, required: !minor };
      }),
      frame,
      solid,
      soft,
    );
    const leaders = layer("leaders");
    const texts = layer("labels");
    texts.setAttribute("text-anchor", "start");
    boxes.forEach((box, k) => {
      if (box === undefined) return;
      const { text, minor, radius } = points[labelled[k]!]!;
      const fontSize = minor ? fontSizes.minor : fontSizes.major;
      const leader = leaderPath(places[labelled[k]!]!, box, radius);
      if (leader) {
        const shape = { d: leader, fill: "none" };
        leaders.append(
          svgElement(document, "path", { ...shape, stroke: "white", "stroke-width": 3 }),
          svgElement(document, "path", { ...shape, stroke: inkColor, "stroke-width": 0.8 }),
        );
      }
      texts.append(
        svgElement(
          document,
          "text",
          {
            x: box.left,
            // Digits and letters fill the upper three quarters of a line.
            y: box.top + fontSize * 0.86,
            "font-size": fontSize,
            fill: inkColor,
            stroke: "white",
            "stroke-width": 3,
            "stroke-linejoin": "round",
            "paint-order": "stroke",
          },
          text,
        ),
      );
    });
    return group;
  };
}

/** A line from a point to its text, where the text does not stand right beside it. */
function leaderPath([x, y]: readonly [number, number], box: Box, radius: number): string | null {
  const endX = Math.max(box.left, Math.min(box.right, x));
  const endY = Math.max(box.top + 2, Math.min(box.bottom - 2, y));
  const distance = Math.hypot(endX - x, endY - y);
  if (distance < radius + 8) return null;
  const share = (radius + 1) / distance;
  const start = [x + (endX - x) * share, y + (endY - y) * share] as const;
  return `M${start.map((part) => part.toFixed(2)).join()}L${endX.toFixed(2)},${endY.toFixed(2)}`;
}

const rank = ({ minor }: MapPoint): number => (minor ? 1 : 0);

const square = ([x, y]: readonly [number, number], radius: number): Box => ({
  left: x - radius,
  top: y - radius,
  right: x + radius,
  bottom: y + radius,
});

/** Points along a line of pixels, close enough for a text to notice the line. */
function samples(path: readonly (readonly [number, number])[]): [number, number][] {
  return path.slice(1).flatMap(([x, y], i): [number, number][] => {
    const [fromX, fromY] = path[i]!;
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / 4));
    return Array.from({ length: steps }, (_, k) => [
      fromX + ((x - fromX) * k) / steps,
      fromY + ((y - fromY) * k) / steps,
    ]);
  });
}

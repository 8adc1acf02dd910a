import { contours, type Figure, type LineSeries, lineCharts } from "closerlook/plot";
import { type MeasuredPair, type MeasuredPlane, pairName } from "./connections.js";
import type { DataName, PathProfile } from "./paths.js";

const colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/** Segment (dashed) and curve (solid) of each pair, one colour for a pair. */
export function pathSeries(
  pairs: readonly MeasuredPair[],
  kind: DataName,
  value: (profile: PathProfile) => readonly number[],
): LineSeries[] {
  return pairs.flatMap(({ pair, segment, curve }, i) => {
    const look = { color: colors[i]!, marker: "none" as const };
    const name = pairName(pair);
    const line = { name: `${name} segment`, x: segment.t, y: value(segment[kind]), dash: "5 4" };
    if (!curve) return [{ ...line, ...look }];
    const bent = { name: `${name} curve`, x: curve.t, y: value(curve[kind]), dash: "none" };
    return [
      { ...line, ...look },
      { ...bent, ...look },
    ];
  });
}

/** Training loss over t, as in Figs 2b, 2c and 13a. */
export const lossFigure = (
  pairs: readonly MeasuredPair[],
  title: string,
  caption: string,
): Figure => ({
  title,
  panels: lineCharts([{ series: pathSeries(pairs, "train", ({ loss }) => loss) }], {
    width: 560,
    height: 340,
    xLabel: "t, position on the path from the earlier to the later iterate",
    yLabel: "training loss (nats)",
  }),
  caption,
});

/** Loss over the plane of a pair with its curve and the iterates, as in Figs 3, 12 and 13b–c. */
export function planeFigure(
  { surface, corners, iterates }: MeasuredPlane,
  { pair }: MeasuredPair,
  kind: DataName,
  title: string,
  caption: string,
): Figure {
  const [start, end, bend] = corners;
  return contours({
    title,
    caption,
    colorLabel: `${kind === "train" ? "training" : "validation"} loss (nats)`,
    panels: [
      {
        x: surface.x,
        y: surface.y,
        values: surface.values[kind]!,
        points: [
          { x: start.x, y: start.y, label: `w${pair.from}` },
          { x: end.x, y: end.y, label: `w${pair.to}` },
          { x: bend.x, y: bend.y, label: "bend" },
        ],
        paths: [
          { label: "curve", kind: "curve", points: [start, bend, end].map(place) },
          {
            label: "iterates, projected, by epoch",
            kind: "iterates",
            points: iterates.map(place),
            names: iterates.map(({ epoch }) => `${epoch}`),
          },
        ],
      },
    ],
  });
}

const place = ({ x, y }: { readonly x: number; readonly y: number }) => [x, y] as const;

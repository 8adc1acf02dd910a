import * as Plot from "@observablehq/plot";
import { type ContourScale, extreme } from "./contourLevels.js";
import { type CheckedGrid, type cellOf, filled, refine } from "./surfaceGrid.js";
import { crossColor, missingColor } from "./svg.js";

/** Pixels between the places at which a surface is drawn. */
const resolution = 5;

/** Bands from each level to the next. */
export function contourMark(
  grid: CheckedGrid,
  levels: readonly number[],
  scale: ContourScale,
  lift: (value: number) => number,
  top: number,
  frame: { width: number; height: number },
): Plot.Markish {
  const toHeight = scale === "log" ? Math.log : (value: number) => value;
  const heights = filled(grid).map((value) =>
    toHeight(Number.isFinite(value) ? Math.min(top, lift(value)) : top),
  );
  const columns = Math.max(2, Math.round(frame.width / resolution));
  const rows = Math.max(2, Math.round(frame.height / resolution));
  const { x, y } = grid;
  const [x1, x2] = [x[0]!, x.at(-1)!];
  const [y1, y2] = [y[0]!, y.at(-1)!];
  // Plot takes values as those of the middles of pixels: half a pixel lies outside on each side.
  const halfX = (x2 - x1) / (columns - 1) / 2;
  const halfY = (y2 - y1) / (rows - 1) / 2;
  // The lowest band is everything that the others do not cover.
  const thresholds = [extreme(heights, Math.min) - 1, ...levels.slice(1, -1).map(toHeight)];
  return Plot.contour(refine(x, y, heights, columns, rows), {
    width: columns,
    height: rows,
    x1: x1 - halfX,
    x2: x2 + halfX,
    y1: y1 - halfY,
    y2: y2 + halfY,
    interpolate: null,
    value: Plot.identity,
    thresholds,
    fill: {
      value: (band: { value: number }) => levels[thresholds.indexOf(band.value)]!,
      scale: "color",
    },
    stroke: "white",
    strokeOpacity: 0.35,
    strokeWidth: 0.7,
    clip: "frame",
  } as Plot.ContourOptions);
}

type Cell = ReturnType<typeof cellOf>;

/** Grey with a cross, as in a heat map. */
export const missingMarks = (cells: readonly Cell[]): Plot.Markish => [
  Plot.rect(cells, {
    x1: "x1",
    x2: "x2",
    y1: "y1",
    y2: "y2",
    fill: missingColor,
    shapeRendering: "crispEdges",
  }),
  Plot.dot(cells, {
    x: (cell: Cell) => (cell.x1 + cell.x2) / 2,
    y: (cell: Cell) => (cell.y1 + cell.y2) / 2,
    symbol: "times",
    r: 3,
    stroke: crossColor,
    strokeWidth: 1.2,
  }),
];

/**
 * Looks of the lines of a chart: colours that colour-blind readers can tell apart (Okabe and Ito
 * 2008, without their yellow, which is too light on white), dash patterns and markers that remain
 * in a grey print.
 */

import { sampleScheme } from "./scheme.js";

/** The drawing calls that a marker needs; both a d3 path and `MarkerPath` have them. */
interface PathContext {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
}

type Points = readonly (readonly [number, number])[];

const circle: Points = Array.from({ length: 24 }, (_, i) => [
  Math.cos((2 * Math.PI * i) / 24),
  Math.sin((2 * Math.PI * i) / 24),
]);

/** Name of a marker; `"none"` draws no marker except on a point without neighbours. */
export type MarkerName =
  | "circle"
  | "square"
  | "triangle"
  | "diamond"
  | "triangle-down"
  | "cross"
  | "none";

type Shape = Exclude<MarkerName, "none">;

// Outlines for a radius of 1, scaled by eye to the same weight.
const outlines: Readonly<Record<Shape, Points>> = {
  circle,
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  triangle: [
    [0, -1.25],
    [1.15, 0.8],
    [-1.15, 0.8],
  ],
  diamond: [
    [0, -1.35],
    [1.1, 0],
    [0, 1.35],
    [-1.1, 0],
  ],
  "triangle-down": [
    [0, 1.25],
    [1.15, -0.8],
    [-1.15, -0.8],
  ],
  cross: [
    [-0.45, -1.3],
    [0.45, -1.3],
    [0.45, -0.45],
    [1.3, -0.45],
    [1.3, 0.45],
    [0.45, 0.45],
    [0.45, 1.3],
    [-0.45, 1.3],
    [-0.45, 0.45],
    [-1.3, 0.45],
    [-1.3, -0.45],
    [-0.45, -0.45],
  ],
};

const shapes = Object.keys(outlines) as Shape[];

/** All marker names, for checks. */
export const markerNames: readonly MarkerName[] = [...shapes, "none"];

const colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
// 5 patterns against 7 colours and 6 markers: no two of the first 35 series look alike.
const dashes = ["none", "7 3", "2 2.5", "9 3 2 3", "14 3"];

export interface SeriesStyle {
  readonly color: string;
  readonly dash: string;
  readonly marker: MarkerName;
}

/** How a chart chooses colours: each of its own, or in order from light to dark. */
export type Palette = "categorical" | "ordered";

export const paletteNames: readonly Palette[] = ["categorical", "ordered"];

/** The look of the series with this index. */
export function seriesStyle(index: number): SeriesStyle & { readonly marker: Shape } {
  return {
    color: colors[index % colors.length]!,
    dash: dashes[index % dashes.length]!,
    marker: shapes[index % shapes.length]!,
  };
}

/** The looks of so many series. */
export function seriesStyles(count: number, palette: Palette): SeriesStyle[] {
  const styles = Array.from({ length: count }, (_, i) => seriesStyle(i));
  if (palette === "categorical") return styles;
  // Solid lines, so that a dash is free to set one apart. Lighter colours are lost on white.
  const ramp = sampleScheme("viridis", count, 0.72, 0);
  return styles.map((style, i) => ({ ...style, color: ramp[i]!, dash: "none" }));
}

/** A marker as a symbol of Plot: `size` is the area of the circle of the same radius. */
export function markerSymbol(name: Shape) {
  return {
    draw(context: PathContext, size: number): void {
      const radius = Math.sqrt(size / Math.PI);
      outlines[name].forEach(([x, y], i) => {
        if (i === 0) context.moveTo(x! * radius, y! * radius);
        else context.lineTo(x! * radius, y! * radius);
      });
      context.closePath();
    },
  };
}

/** A marker as the `d` attribute of an SVG path. */
export function markerPath(name: Shape, x: number, y: number, radius: number): string {
  const point = ([dx, dy]: readonly number[]) =>
    `${(x + dx! * radius).toFixed(2)},${(y + dy! * radius).toFixed(2)}`;
  return `M${outlines[name].map(point).join("L")}Z`;
}

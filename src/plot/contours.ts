import * as Plot from "@observablehq/plot";
import { checkNumber, checkOneOf, checkOptions, rangeError } from "../internal/checks.js";
import { checkText } from "./checks.js";
import { fontSize, layOut } from "./contourFrame.js";
import {
  type ContourScale,
  checkLevels,
  extreme,
  leastLoss,
  levelTexts,
  spacedLevels,
} from "./contourLevels.js";
import { contourMark, missingMarks } from "./contourMarks.js";
import { type ContourPanel, readPanels } from "./contourPanel.js";
import { annotations, pathStyles } from "./contourPaths.js";
import { hatchMark } from "./hatchMark.js";
import { mapMark } from "./mapMark.js";
import type { CompletePanel, KeyEntry } from "./panel.js";
import type { Figure } from "./renderSvg.js";
import { checkScheme, sampleScheme } from "./scheme.js";
import { cellOf } from "./surfaceGrid.js";
import { inkColor, missingColor } from "./svg.js";

export interface ContoursOptions extends Omit<Figure, "panels" | "legend"> {
  /** Surfaces that share levels and colours. */
  readonly panels: readonly ContourPanel[];
  /**
   * Spacing of the levels from the least value of all panels, `min`, to the cap, `max`: `"log"` even in
   * ln L, `"linear"` even in L, `"logExcess"` even in ln(L − min) from `firstExcess` on.
   * @defaultValue `"log"`
   */
  scale?: ContourScale;
  /**
   * Number of bands, 2 to 100, or the levels themselves, ascending, of which the last is the cap.
   * @defaultValue `10`
   */
  levels?: number | readonly number[];
  /** Greater values have the colour of the cap, and the legend says so. @defaultValue the greatest value */
  cap?: number;
  /** First level above the least value for `"logExcess"`. @defaultValue `exp(−5)` */
  firstExcess?: number;
  /** What the colours measure, with its unit. @defaultValue `"loss (nats)"` */
  colorLabel?: string;
  /** @defaultValue `"x, distance in weight space"` */
  xLabel?: string;
  /** @defaultValue `"y, distance in weight space"` */
  yLabel?: string;
  /** A sequential colour scheme of Plot, dark to light. @defaultValue `"viridis"` */
  scheme?: Plot.ColorScheme;
  /** Longer side of the frame in pixels. @defaultValue `380` */
  size?: number;
}

const optionNames = [
  "panels",
  "title",
  "subtitle",
  "caption",
  "columns",
  "scale",
  "levels",
  "cap",
  "firstExcess",
  "colorLabel",
  "xLabel",
  "yLabel",
  "scheme",
  "size",
];

/**
 * Filled contours of surfaces over a plane in weight space, with named points, curves and iterates.
 *
 * All panels share levels and colours; darker is lower, in a grey print too. One unit is as long on y as
 * on x, so that distances and angles are true. Levels between `min`, the least value of all
 * panels, and `max`, the cap, for k = 1 … N − 1 of N bands:
 *
 *     log        ℓ_k = min · (max / min)^(k / N),   losses below 1e-12 taken as 1e-12
 *     linear     ℓ_k = min + (max − min) · k / N
 *     logExcess  ℓ_k = min + exp(a + (k − 1) · (ln(max − min) − a) / (N − 1)),   exp(a) = firstExcess
 *
 * Between the places of the grid ln L (`"log"`) or L is interpolated bilinearly. What is not finite has
 * the colour of the cap and is hatched; what was not measured is grey with a cross. The legend tells
 * what occurs. Points and paths are drawn whole: the axes reach to them. A unit is as long on y as on x; a plane that is more
 * than seven times as long as wide is stretched across, and the legend says how much.
 *
 * Nothing is drawn yet: the result is a figure for `renderSvg`, whose panels are options of Observable
 * Plot and may be changed first.
 *
 * @param options - Panels with their surfaces, the scale, texts and layout.
 * @returns A figure whose panels have the marks *contour* and *frame*, *rect* and *dot* (not measured), and
 *   marks of our own for hatching, paths, points and labels.
 * @throws RangeError if there is no panel or no finite value, sizes differ, axes do not ascend, a value is
 *   negative on a logarithmic scale, or the cap is not above the least value.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { contours, renderSvg } from "closerlook/plot";
 * const ticks = [-1, 0, 1, 2];
 * const values = ticks.map((y) => ticks.map((x) => 0.1 + x ** 2 * (x - 1) ** 2 + y ** 2));
 * const points = [{ x: 0, y: 0, label: "w_70" }, { x: 1, y: 0, label: "w_150" }];
 * const figure = contours({
 *   panels: [{ title: "Training loss", x: ticks, y: ticks, values, points }],
 *   levels: [0.1, 1, 10],
 *   caption: "The plane through two networks.",
 * });
 * figure.panels[0].color.domain; // [1]
 * renderSvg(figure).startsWith("<svg"); // true
 * ```
 * @see Gotmare et al. 2019, figures 3, 12 and 13; Garipov et al. 2018, figure 1 (`"logExcess"`, a = −5, N = 7).
 */
export function contours(options: ContoursOptions): ContourFigure {
  checkOptions("contours", options, optionNames);
  const {
    panels,
    scale = "log",
    cap,
    firstExcess = Math.exp(-5),
    colorLabel = "loss (nats)",
    xLabel = "x, distance in weight space",
    yLabel = "y, distance in weight space",
    scheme = "viridis",
    size = 380,
    ...texts
  } = options;
  checkOneOf("contours", "scale", scale, ["log", "linear", "logExcess"]);
  const levelsWanted = checkLevels(options.levels ?? 10, scale === "log");
  checkNumber("contours", "firstExcess", firstExcess, { above: 0 });
  for (const [name, text] of Object.entries({ colorLabel, xLabel, yLabel })) {
    checkText("contours", name, text);
  }
  checkScheme("contours", scheme);
  checkNumber("contours", "size", size, { min: 100, max: 4000 });
  const surfaces = readPanels(panels, scale === "log");
  const { levels: _levels, ...layout } = texts;

  const measured = surfaces.flatMap(({ grid }) =>
    grid.values.filter((value) => value !== undefined),
  );
  const finite = measured.filter(Number.isFinite);
  if (finite.length === 0) {
    throw rangeError("contours", "panels", "such that some value is a finite number", "none");
  }
  const lift =
    scale === "log" ? (value: number) => Math.max(leastLoss, value) : (value: number) => value;
  const lowest = lift(extreme(finite, Math.min));
  if (cap !== undefined) {
    checkNumber("contours", "cap", cap, { above: lowest });
    if (typeof levelsWanted !== "number") {
      throw rangeError(
        "contours",
        "cap",
        "left out where levels are given: the last is the cap",
        cap,
      );
    }
  }
  const highest = Math.min(lift(extreme(finite, Math.max)), cap ?? Infinity);
  const levels =
    typeof levelsWanted === "number"
      ? spacedLevels(scale, lowest, cap ?? highest, levelsWanted, firstExcess)
      : levelsWanted;
  const colors = sampleScheme(scheme, levels.length - 1);
  const top = levels.at(-1)!;

  const key: KeyEntry[] = notes(finite, levels);
  const infinite = measured.some((value) => !Number.isFinite(value));
  if (infinite) key.push({ text: "not finite (diverged)", sample: "hatch", color: colors.at(-1)! });
  const styles = pathStyles(surfaces);
  for (const [label, style] of styles) {
    key.push({ text: label, sample: "line", ...style.line, marker: style.marker });
  }

  return {
    ...layout,
    panels: surfaces.map(({ panel, grid }) => {
      const place = layOut(panel, grid, xLabel, yLabel, size);
      const missing = grid.values.flatMap((value, i) =>
        value === undefined ? [cellOf(grid, i)] : [],
      );
      const diverged = grid.values.flatMap((value, i) =>
        value === undefined || Number.isFinite(value) ? [] : [cellOf(grid, i)],
      );
      return {
        ...(panel.title !== undefined && { title: panel.title }),
        ...(panel.subtitle !== undefined && { subtitle: panel.subtitle }),
        ...place.options,
        style: { fontSize: `${fontSize}px`, color: inkColor },
        color: {
          type: "threshold",
          domain: levels.slice(1, -1),
          range: colors,
          label: colorLabel,
          legend: true,
          tickFormat: levelFormat(levels.slice(1, -1), typeof levelsWanted === "number" ? 3 : 6),
        },
        marks: [
          place.reachesOut ? Plot.frame({ fill: missingColor, stroke: "none" }) : null,
          contourMark(grid, levels, scale, lift, top, place.frame),
          hatchMark(diverged),
          missing.length > 0 ? missingMarks(missing) : null,
          Plot.frame({ stroke: "#777" }),
          mapMark(...annotations(panel, styles)),
        ],
        key: [
          ...stretchNotes(place.stretch),
          ...(missing.length > 0 || place.reachesOut
            ? [{ text: "not measured", sample: "cross" as const }]
            : []),
          ...key,
        ],
      };
    }),
  };
}

/** What `contours` returns: a figure whose panels have all their parts. */
export interface ContourFigure extends Figure {
  readonly panels: readonly CompletePanel[];
}

/** Which axis is drawn longer than the other, if any. */
const stretchNotes = (stretch: Readonly<Record<"x" | "y", number>>): KeyEntry[] =>
  (["x", "y"] as const)
    .filter((axis) => stretch[axis] > 1)
    .map((axis) => ({
      text: `${axis} stretched × ${Number(stretch[axis].toPrecision(2))}`,
      sample: "none",
    }));

/** What the colours alone do not tell. */
function notes(values: readonly number[], levels: readonly number[]): KeyEntry[] {
  const [lowest, highest] = [levels[0]!, levels.at(-1)!];
  const [low, high] = levelTexts([lowest, highest], 6) as [string, string];
  const found: KeyEntry[] = [];
  if (values.some((value) => value < lowest)) {
    found.push({ text: `values below ${low} have the colour of ${low}`, sample: "none" });
  }
  if (values.some((value) => value > highest)) {
    found.push({ text: `values above ${high} have the colour of ${high}`, sample: "none" });
  }
  return found;
}

/** Text of a level in a legend. */
function levelFormat(levels: readonly number[], digits: number): (level: number) => string {
  const texts = levelTexts(levels, digits);
  return (level) => texts[levels.indexOf(level)] ?? `${level}`;
}

import type { Markish, PlotOptions, ScaleOptions } from "@observablehq/plot";
import type { MarkerName } from "./seriesStyle.js";

/** One line of a legend: a sample and the text that says what it means. */
export interface KeyEntry {
  readonly text: string;
  /** What is drawn before the text; `"none"` for a plain note. */
  readonly sample: "line" | "marker" | "area" | "cross" | "hatch" | "none";
  /** CSS colour of the sample. @defaultValue `"black"` */
  readonly color?: string;
  /** Dash pattern of a line, as in SVG's `stroke-dasharray`. @defaultValue solid */
  readonly dash?: string;
  /** Width of a line in pixels. @defaultValue `2` */
  readonly width?: number;
  /** Marker in the middle of a line, or alone. @defaultValue `"none"` */
  readonly marker?: MarkerName;
}

/**
 * Options of one plot: an ordinary options object of Observable Plot, which `Plot.plot(panel)` draws
 * in a browser and `renderSvg` draws without one.
 *
 * It adds one property of ours, which Plot ignores: `key`, the legend entries that no colour scale
 * can state (dash patterns, missing cells). `renderSvg` draws them once for all panels.
 */
export interface Panel extends PlotOptions {
  key?: readonly KeyEntry[];
}

/** A panel as our own charts make it, with the parts that are always there. */
export interface CompletePanel extends Panel {
  width: number;
  height: number;
  x: ScaleOptions;
  y: ScaleOptions;
  color: ScaleOptions;
  marks: Markish[];
  key: readonly KeyEntry[];
}

import { checkOptions, rangeError, typeError } from "../internal/checks.js";
import {
  defaultCellSize,
  type Heatmap,
  type HeatmapGrid,
  type HeatmapOptions,
  heatmap,
  heatmapOptionNames,
} from "./heatmap.js";

const ownNames = ["grid", "title", "subtitle", "rowLabel", "columnLabel"];
const sharedNames = heatmapOptionNames.filter((name) => name !== "title" && name !== "subtitle");

/** One of several grids with what belongs to it alone. */
export interface HeatmapsPanel
  extends Pick<HeatmapOptions, "title" | "subtitle" | "rowLabel" | "columnLabel"> {
  readonly grid: HeatmapGrid;
}

/** Options that all panels share; axis labels given here hold where a panel has none of its own. */
export type HeatmapsOptions = Omit<HeatmapOptions, "title" | "subtitle">;

/**
 * Heat maps of several grids with one colour scale and one size of cell, so that they can be
 * compared; `renderSvg` sets them side by side and draws their legend once.
 *
 * @param panels - Grids, which may differ in size, each with its title and axis labels.
 * @returns One options object for each panel, as `heatmap` returns it.
 * @throws RangeError if there is no panel, or a grid is not as `heatmap` wants it.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { heatmaps, renderSvg } from "closerlook/plot";
 * const grid = { rows: ["conv", "fc"], columns: ["conv", "fc"], values: [[0.9, 0.3], [0.3, 0.6]] };
 * const panels = heatmaps([{ grid, title: "(a)" }, { grid, title: "(b)" }], { colorLabel: "SVCCA" });
 * panels.length; // 2
 * renderSvg({ panels }).startsWith("<svg"); // true
 * ```
 */
export function heatmaps(
  panels: readonly HeatmapsPanel[],
  options: HeatmapsOptions = {},
): Heatmap[] {
  checkOptions("heatmaps", options, sharedNames);
  if (!Array.isArray(panels)) {
    throw typeError("heatmaps", "panels", "an array of { grid, title, … }", panels);
  }
  if (panels.length === 0) throw rangeError("heatmaps", "panels", "at least one panel", panels);
  for (const panel of panels) {
    checkOptions("heatmaps", panel, ownNames);
  }
  const largest = Math.max(
    ...panels.flatMap(({ grid }) => [grid?.rows?.length ?? 0, grid?.columns?.length ?? 0]),
  );
  const cellSize = defaultCellSize(largest);
  return panels.map(({ grid, ...own }) => heatmap(grid, { cellSize, ...options, ...own }));
}

import { checkOneOf, checkOptions, rangeError, typeError } from "../internal/checks.js";
import {
  commonDomains,
  type LineChart,
  type LineChartOptions,
  lineChart,
  lineChartOptionNames,
} from "./lineChart.js";
import { type LineSeries, readSeries } from "./lineSeries.js";
import { paletteNames, seriesStyles } from "./seriesStyle.js";

const ownNames = ["series", "title", "subtitle"];
const sharedNames = lineChartOptionNames.filter((name) => !ownNames.includes(name));

/** The series of one of several charts. */
export interface LineChartsPanel extends Pick<LineChartOptions, "title" | "subtitle"> {
  readonly series: readonly LineSeries[];
}

/** Options that all panels share. */
export type LineChartsOptions = Omit<LineChartOptions, "title" | "subtitle">;

/**
 * Line charts with the same axes, so that they can be compared, e.g. the loss along the curves between
 * several pairs of networks.
 *
 * Series of one name look alike in all panels, and `renderSvg` draws their legend once. With
 * `palette: "ordered"` their colours go from light to dark in the order in which the names occur, which suits
 * the epochs of a curve's training.
 *
 * @param panels - At least one, each with its series and title.
 * @param options - As for `lineChart`, of smaller panels: `width` 340, `height` 240, `labels` `"key"`.
 * @returns One options object for each panel, as `lineChart` returns it.
 * @throws RangeError if there is no panel, or series are not as `lineChart` wants them.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { lineCharts, renderSvg } from "closerlook/plot";
 * const t = [0, 0.5, 1];
 * const series = (top: number) => [
 *   { name: "line segment", x: t, y: [0.1, top, 0.1], dash: "6 3" },
 *   { name: "curve, epoch 20", x: t, y: [0.1, top / 10, 0.1] },
 * ];
 * const panels = lineCharts(
 *   [{ title: "G–A", series: series(3) }, { title: "G–B", series: series(2) }],
 *   { xLabel: "t", yLabel: "training loss (nats)", palette: "ordered" },
 * );
 * panels.map(({ y }) => y.domain); // [[0, 3], [0, 3]]
 * renderSvg({ panels }).startsWith("<svg"); // true
 * ```
 * @see Gotmare et al. 2019, figures 1 and 7 to 9.
 */
export function lineCharts(
  panels: readonly LineChartsPanel[],
  options: LineChartsOptions = {},
): LineChart[] {
  checkOptions("lineCharts", options, sharedNames);
  const { yScale = "linear", palette = "categorical" } = options;
  checkOneOf("lineCharts", "yScale", yScale, ["linear", "log"]);
  checkOneOf("lineCharts", "palette", palette, paletteNames);
  if (!Array.isArray(panels)) {
    throw typeError("lineCharts", "panels", "an array of { series, title, … }", panels);
  }
  if (panels.length === 0) throw rangeError("lineCharts", "panels", "at least one panel", panels);
  const log = yScale === "log";
  const lines = panels.flatMap((panel: LineChartsPanel) => {
    checkOptions("lineCharts", panel, ownNames);
    return readSeries(panel.series, log, palette);
  });
  const names = [...new Set(lines.map(({ name }) => name))];
  const styles = seriesStyles(names.length, palette);
  const shared = {
    width: 340,
    height: 240,
    labels: "key" as const,
    ...commonDomains(lines, log),
    ...options,
  };
  return panels.map(({ series, ...own }: LineChartsPanel) =>
    lineChart(
      series.map((one) => ({ ...styles[names.indexOf(one.name)]!, ...one })),
      { ...shared, ...own },
    ),
  );
}

export type { ContourScale } from "./contourLevels.js";
export type { ContourPanel, ContourPath } from "./contourPanel.js";
export {
  type ContourFigure,
  type ContoursOptions,
  contours,
} from "./contours.js";
export {
  type EmbeddedPoint,
  type EmbeddingChartOptions,
  embeddingChart,
} from "./embeddingChart.js";
export { type Heatmap, type HeatmapGrid, type HeatmapOptions, heatmap } from "./heatmap.js";
export { type HeatmapsOptions, type HeatmapsPanel, heatmaps } from "./heatmaps.js";
export { type LineChart, type LineChartOptions, lineChart } from "./lineChart.js";
export { type LineChartsOptions, type LineChartsPanel, lineCharts } from "./lineCharts.js";
export type { LineSeries } from "./lineSeries.js";
export type { CompletePanel, KeyEntry, Panel } from "./panel.js";
export { type PlotScheduleOptions, plotSchedule } from "./plotSchedule.js";
export type { Reference } from "./references.js";
export { type RenderPngOptions, renderPng } from "./renderPng.js";
export { type Figure, renderSvg } from "./renderSvg.js";
export type { MarkerName, Palette } from "./seriesStyle.js";
export type { SurfaceGrid } from "./surfaceGrid.js";
export { type TsneOptions, tsne } from "./tsne.js";

export { type Heatmap, type HeatmapGrid, type HeatmapOptions, heatmap } from "./heatmap.js";
export { type HeatmapsOptions, type HeatmapsPanel, heatmaps } from "./heatmaps.js";
export { type LineChart, type LineChartOptions, lineChart } from "./lineChart.js";
export type { LineSeries } from "./lineSeries.js";
export type { CompletePanel, KeyEntry, Panel } from "./panel.js";
export type { Reference } from "./references.js";
export { type RenderPngOptions, renderPng } from "./renderPng.js";
export { type Figure, renderSvg } from "./renderSvg.js";
export type { MarkerName } from "./seriesStyle.js";

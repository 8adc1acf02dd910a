export type { MatrixLike, MatrixObject, NumericArray, ShapedArray } from "../internal/matrix.js";
export type { CanonicalResult } from "./canonical.js";
export { type CcaOptions, cca } from "./cca.js";
export { type CkaOptions, type CkaResult, cka } from "./cka.js";
export { type ConvSvccaOptions, convSvcca, type MapsAs } from "./convSvcca.js";
export type { DirectionsOptions } from "./describeDirections.js";
export {
  type DftCcaOptions,
  type DftCcaResult,
  dftCca,
  type FrequencyCorrelations,
} from "./dftCca.js";
export type { CanonicalDirections } from "./directions.js";
export {
  type ComparedGrid,
  type GridDifference,
  type GridDifferenceOptions,
  gridDifference,
} from "./gridDifference.js";
export {
  type LayerBatches,
  type LayerStatistics,
  type LayerStatisticsOptions,
  layerStatistics,
  layerStatisticsFrom,
} from "./layerStatistics.js";
export type { ExampleIds } from "./layerStatisticsIds.js";
export type { LayerComparison, LayerStatisticsMeasure } from "./layerStatisticsMeasures.js";
export type { LayerStatisticsJson, SavedArray, SavedLayer } from "./layerStatisticsSaved.js";
export { type MinibatchCka, type MinibatchCkaResult, minibatchCka } from "./minibatchCka.js";
export { type ProcrustesResult, procrustes } from "./procrustes.js";
export { type PwccaResult, pwcca } from "./pwcca.js";
export type { Interval, Resampled, ResamplingOptions } from "./resampling.js";
export { type RsaOptions, type RsaResult, rsa } from "./rsa.js";
export {
  type ShapeDistanceOptions,
  type ShapeDistanceResult,
  shapeDistance,
} from "./shapeDistance.js";
export {
  type CommonGridOptions,
  type Layers,
  type SimilarityGrid,
  type SimilarityGridOptions,
  similarityGrid,
} from "./similarityGrid.js";
export type { Frequency } from "./spectrum.js";
export { type SvccaOptions, svcca } from "./svcca.js";
export { transpose } from "./transpose.js";
export { type WilksTest, type WilksTestOptions, wilksTest } from "./wilksTest.js";

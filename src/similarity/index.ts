export type { MatrixLike, MatrixObject, NumericArray, ShapedArray } from "../internal/matrix.js";
export type { CanonicalResult } from "./canonical.js";
export { type CcaOptions, cca } from "./cca.js";
export { type CkaOptions, type CkaResult, cka } from "./cka.js";
export { type ConvSvccaOptions, convSvcca, type MapsAs } from "./convSvcca.js";
export {
  type DftCcaOptions,
  type DftCcaResult,
  dftCca,
  type FrequencyCorrelations,
} from "./dftCca.js";
export { type ProcrustesResult, procrustes } from "./procrustes.js";
export { type PwccaResult, pwcca } from "./pwcca.js";
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

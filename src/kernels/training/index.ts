export { clip, clipGradient } from "./activations.js";
export {
  batchNormalizationGradient,
  columnMoments,
  normalize,
  normalizeGradient,
} from "./batchNormalization.js";
export { addToColumns, columnSums } from "./columns.js";
export {
  type Activation,
  type ConvolutionShape,
  convolution,
  filterGradient,
  inputGradient,
} from "./convolution.js";
export {
  type DepthwiseShape,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from "./depthwise.js";
export {
  compileTrainingKernels,
  type Engine,
  engineOn,
  repeatableJobs,
  type TensorHeap,
  trainingProcessor,
} from "./engine.js";
export { areFinite } from "./finite.js";
export { type AdamRule, adamUpdate, momentumUpdate } from "./optimizers.js";
export { type PoolingShape, pool, poolGradient } from "./pooling.js";
export { product } from "./product.js";

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
  type TensorHeap,
  trainingProcessor,
} from "./engine.js";
export { type Factor, product } from "./product.js";

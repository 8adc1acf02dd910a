export { type Activations, type CaptureOptions, captureActivations } from "./captureActivations.js";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
export type { Inputs, LabelledData } from "./examples.js";
export { type FrozenLayers, freezeLayers } from "./freezeLayers.js";
export { fromTensor, type TensorValues } from "./fromTensor.js";
export type { LayerMatch } from "./layerMatch.js";
export type { ApplyMode, Model, ModelLayer, ModelVariable, VariableModel } from "./model.js";
export type { ModelWeights, WeightsSelection } from "./openModel.js";
export type { NamedVariable, Optimizer, OptimizerState } from "./optimizer.js";
export { type SgdOptions, sgd } from "./sgd.js";
export {
  type Batch,
  type EpochRecord,
  type LossFunction,
  type TrainingProgress,
  type TrainingResult,
  type TrainOptions,
  train,
} from "./train.js";
export { registerTrainingKernels } from "./trainingKernels.js";
export { weightsOf } from "./weightsOf.js";

export type { ByteStore } from "../formats/index.js";
export { type AdamOptions, adam } from "./adam.js";
export {
  type Augmentation,
  type RandomCropAndFlipOptions,
  type RandomNumbers,
  randomCropAndFlip,
} from "./augmentation.js";
export { type Activations, type CaptureOptions, captureActivations } from "./captureActivations.js";
export type { CurvePositions } from "./curvePositions.js";
export { type DistillationData, type DistillOptions, distill } from "./distill.js";
export { type DistillationLossTensors, distillationLoss } from "./distillationLoss.js";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
export {
  type CurveEvaluation,
  type CurveEvaluationProgress,
  type CurveProfile,
  type EvaluateCurveOptions,
  evaluateCurve,
} from "./evaluateCurve.js";
export {
  type EvaluateWeightsOptions,
  evaluateWeights,
  type WeightsEvaluation,
} from "./evaluateWeights.js";
export type { Inputs, LabelledData } from "./examples.js";
export type { FeatureMatch } from "./featureMatching.js";
export { type FreezeForOptions, type Freezing, freezeFor } from "./freezeFor.js";
export { freezeLayers } from "./freezeLayers.js";
export type { FreezePeriod, Frozen } from "./freezePlan.js";
export { fromTensor, type TensorValues } from "./fromTensor.js";
export type { FrozenLayers } from "./holdLayers.js";
export { keyedByVariable } from "./keyedByVariable.js";
export type { LayerMatch } from "./layerMatch.js";
export {
  type CompiledModel,
  type LearningRateCallback,
  learningRateCallback,
} from "./learningRateCallback.js";
export type { ApplyMode, Model, ModelLayer, ModelVariable, VariableModel } from "./model.js";
export type { ModelWeights, WeightsSelection } from "./openModel.js";
export type { NamedVariable, Optimizer, OptimizerState, VariableState } from "./optimizer.js";
export {
  type BatchNormInputs,
  type BatchNormStatistics,
  type RefreshBatchNormOptions,
  refreshBatchNorm,
} from "./refreshBatchNorm.js";
export { type SgdOptions, sgd } from "./sgd.js";
export type { Teacher, TeacherLogits, TeacherProbabilities } from "./teacher.js";
export { train } from "./train.js";
export {
  type CurveProgress,
  type CurveTrainingResult,
  type TrainCurveOptions,
  trainCurve,
} from "./trainCurve.js";
export { registerTrainingKernels } from "./trainingKernels.js";
export type { EpochRecord, TrainingResult } from "./trainingResult.js";
export { trainOnly } from "./trainOnly.js";
export type {
  Batch,
  CheckpointOptions,
  LearningRateFactor,
  LossFunction,
  LossTerms,
  TrainingProgress,
  TrainOptions,
} from "./trainOptions.js";
export { weightsOf } from "./weightsOf.js";

export {
  type DistillationLoss,
  type DistillationLossOptions,
  distillationLoss,
  type LossReduction,
} from "./distillationLoss.js";
export type { ClassValues, LogitsLike } from "./logits.js";
export { logSoftmax, type SoftmaxOptions } from "./logSoftmax.js";
export { softmax } from "./softmax.js";

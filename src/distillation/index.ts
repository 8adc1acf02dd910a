export { type DistillationLoss, distillationLoss } from "./distillationLoss.js";
export type { DistillationLossOptions, LossReduction } from "./distillationOptions.js";
export type { ClassValues, LogitsLike } from "./logits.js";
export { logSoftmax, type SoftmaxOptions } from "./logSoftmax.js";
export { softmax } from "./softmax.js";

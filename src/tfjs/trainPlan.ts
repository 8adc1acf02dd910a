import { readLearningRateFactors } from "./learningRateFactors.js";
import { sgd } from "./sgd.js";
import { trainedModel } from "./trained.js";
import { runTraining } from "./training.js";
import type { TrainingPlan } from "./trainingPlan.js";
import type { TrainingResult } from "./trainingResult.js";
import type { TrainOptions } from "./trainOptions.js";

/** Trains the model of a plan with the optimizer and the learning-rate factors of the options. */
export async function trainPlan(
  plan: Omit<TrainingPlan, "trained">,
  options: Pick<TrainOptions, "optimizer" | "learningRateFactors">,
): Promise<TrainingResult> {
  const { learningRateFactors = [], optimizer = sgd({ momentum: 0.9 }) } = options;
  try {
    const factors = readLearningRateFactors(plan.where, learningRateFactors, plan);
    return await runTraining({ ...plan, trained: trainedModel(plan.weights, factors) }, optimizer);
  } finally {
    if (!options.optimizer) optimizer.dispose();
  }
}

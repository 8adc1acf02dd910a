import { checkNumber, checkOptions, rangeError, typeError } from "../internal/checks.js";
import type { Schedule } from "../schedules/schedule.js";
import { scheduleToJson } from "../schedules/scheduleToJson.js";
import { asSchedule } from "./asSchedule.js";
import { matchWeightedLayers } from "./layerMatch.js";
import type { TrainingPlan } from "./trainingPlan.js";
import type { LearningRateFactor } from "./trainOptions.js";

/** Factors of the learning rate, checked for every update. */
export interface LearningRateFactors {
  /** That of a layer in an update. */
  of(layer: string, update: number): number;
  /** Positions of the layers, and their factors as far as they can be written down. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const name = "learningRateFactors";

export function readLearningRateFactors(
  where: string,
  factors: unknown,
  { weights, learningRates }: Pick<TrainingPlan, "weights" | "learningRates">,
): LearningRateFactors {
  const { layers } = weights;
  if (!Array.isArray(factors)) {
    throw typeError(where, name, "an array of { layers, factor }", factors);
  }
  const byLayer = new Map<string, readonly number[]>();
  const groups = factors.map((group: LearningRateFactor, i) => {
    checkOptions(`${where}: ${name}[${i}]`, group, ["layers", "factor"]);
    const { factor } = group;
    const schedule = asSchedule(where, `${name}[${i}].factor`, factor);
    const values = learningRates.map((rate, update) => {
      const value = checkNumber(where, `${name}[${i}].factor(${update})`, schedule(update), {
        min: 0,
      });
      checkNumber(where, `schedule(${update}) · ${name}[${i}].factor(${update})`, rate * value);
      return value;
    });
    const matched = matchWeightedLayers(where, `${name}[${i}].layers`, layers, group.layers);
    for (const layer of matched) {
      if (byLayer.has(layer.name)) {
        throw rangeError(where, name, "of different layers", `${layer.name} twice`);
      }
      byLayer.set(layer.name, values);
    }
    return {
      layers: matched.map((layer) => layers.indexOf(layer)),
      factor: typeof factor === "number" ? factor : describeFactor(factor),
    };
  });
  return {
    of: (layer, update) => byLayer.get(layer)?.[update] ?? 1,
    settings: groups.length > 0 ? { [name]: groups } : {},
  };
}

/** Only what this package has made can be written down and compared. */
function describeFactor(factor: Schedule): unknown {
  try {
    return scheduleToJson(factor);
  } catch {
    return "a function";
  }
}

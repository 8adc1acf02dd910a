import {
  checkBoolean,
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";

/** One number for the batch (`"mean"`), or one for each example (`"none"`). */
export type LossReduction = "mean" | "none";

export interface DistillationLossOptions<Reduction extends LossReduction = LossReduction> {
  /** What both networks' logits are divided by in the soft term, > 0. @defaultValue 1 */
  temperature?: number;
  /** Weight of the soft term in [0, 1]; the hard term has the rest. @defaultValue 1 */
  softWeight?: number;
  /**
   * What the soft term measures: the Kullback–Leibler divergence from the teacher's distribution to the
   * student's, which is 0 when they agree, or the cross-entropy, which is larger by the teacher's
   * entropy. Their gradients are the same. @defaultValue "kl"
   */
  kind?: "kl" | "crossEntropy";
  /**
   * Whether the soft term is multiplied by the temperature squared, so that its gradient has the same
   * scale at every temperature. @defaultValue true
   */
  scaleByTemperatureSquared?: boolean;
  /** Mean over the examples, or none. @defaultValue "mean" */
  reduction?: Reduction;
}

/** The options with every default filled in. */
export interface DistillationSettings {
  readonly temperature: number;
  readonly softWeight: number;
  readonly kind: "kl" | "crossEntropy";
  /** Of the soft term: the temperature squared, or 1. */
  readonly factor: number;
  readonly reduction: LossReduction;
}

/** Checks the options, and that there are labels if they are needed. */
export function readDistillationOptions(
  where: string,
  options: DistillationLossOptions,
  hasLabels: boolean,
): DistillationSettings {
  checkOptions(where, options, [
    "temperature",
    "softWeight",
    "kind",
    "scaleByTemperatureSquared",
    "reduction",
  ]);
  const { temperature = 1, softWeight = 1, kind = "kl", reduction = "mean" } = options;
  const { scaleByTemperatureSquared = true } = options;
  checkNumber(where, "temperature", temperature, { above: 0 });
  checkNumber(where, "softWeight", softWeight, { min: 0, max: 1 });
  checkOneOf(where, "kind", kind, ["kl", "crossEntropy"]);
  checkOneOf(where, "reduction", reduction, ["mean", "none"]);
  checkBoolean(where, "scaleByTemperatureSquared", scaleByTemperatureSquared);
  if (!hasLabels && softWeight < 1) {
    const hint = "The rest of the weight is the hard term's, which needs labels";
    throw rangeError(where, "softWeight", "1 without labels", softWeight, hint);
  }
  const factor = scaleByTemperatureSquared ? temperature ** 2 : 1;
  return { temperature, softWeight, kind, factor, reduction };
}

/** One class for each example, each an integer in [0, classes). */
export function checkLabels(
  where: string,
  labels: ArrayLike<number>,
  examples: number,
  classes: number,
) {
  if (!Array.isArray(labels) && !(ArrayBuffer.isView(labels) && "length" in labels)) {
    const hint = "Without labels the third argument is undefined";
    throw typeError(where, "labels", "an array of class indices", labels, hint);
  }
  if (labels.length !== examples) {
    throw rangeError(
      where,
      "the number of labels",
      `that of the examples, ${examples}`,
      labels.length,
    );
  }
  for (let i = 0; i < examples; i++) {
    const label: unknown = labels[i];
    if (!Number.isSafeInteger(label) || (label as number) < 0 || (label as number) >= classes) {
      const error = typeof label === "number" ? rangeError : typeError;
      throw error(where, `labels[${i}]`, `an integer from 0 to ${classes - 1}`, label);
    }
  }
}

import type { PairResult } from "./pairResult.js";
import { fixed, probability } from "./text.js";

/** Below this share of the way from the chance level to 1 a similarity says next to nothing. */
const hardly = 0.1;
const significance = 0.05;

/** Whether a similarity could as well be one of unrelated data: by its p-value, or else by its size. */
export function isNearChance(similarity: number, chance: number, pValue?: number): boolean {
  if (pValue !== undefined) return pValue > significance;
  return similarity - chance <= hardly * (1 - chance);
}

/**
 * What the reader of a comparison must know before believing its number.
 *
 * @param hint - What may explain too few examples.
 */
export function warningsOf(result: PairResult, hint = ""): string[] {
  const { similarity, chance, pValue, degenerate = false, keptX, keptY, frequencies } = result;
  const warnings: string[] = [];
  const { constantX = false, constantY = false } = result;
  if (constantX || constantY) {
    const sides = constantX && constantY ? "x and y" : constantX ? "x" : "y";
    warnings.push(`all distances of ${sides} are equal: there is nothing to compare.`);
    return warnings;
  }
  if (keptX === 0 || keptY === 0) {
    warnings.push("a side without any variance has similarity 0: nothing was compared.");
  } else if (degenerate) {
    const where = frequencies ? "at some frequency" : `(${keptX} + ${keptY} directions kept)`;
    warnings.push(
      `too few examples ${where}: some correlations are 1 whatever the data, so that the number means little. ` +
        `Take more examples or keep fewer directions.${hint}`,
    );
  }
  if (similarity !== undefined && chance !== undefined && keptX !== 0 && keptY !== 0) {
    if (isNearChance(similarity, chance, pValue)) {
      warnings.push(
        pValue === undefined
          ? `the similarity is hardly above its chance level, ${fixed(chance)}.`
          : `the similarity is not distinguishable from chance, p = ${probability(pValue)}.`,
      );
    }
  }
  return warnings;
}

import {
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { logIncompleteBeta } from "./betaDistribution.js";
import type { CanonicalResult } from "./canonical.js";

export interface WilksTestOptions {
  /** Number of examples that the correlations were computed from. */
  readonly examples: number;
}

/** The test that a canonical correlation and all after it are 0 in the population. */
export interface WilksTest {
  /** The largest of the tested correlations. */
  readonly correlation: number;
  /** Λ = Π (1 − ρ²) over the tested correlations, in [0, 1]; near 0 it may leave the range of doubles. */
  readonly lambda: number;
  /** Rao's F; Infinity where a correlation is exactly 1. */
  readonly fStatistic: number;
  /** Degrees of freedom of F, of its numerator (a whole number) and of its denominator (often none). */
  readonly degreesOfFreedom: readonly [number, number];
  /** Probability of a Λ this small or smaller without any of the tested correlations; 0 below 1e-323. */
  readonly pValue: number;
  /** Natural logarithm of `pValue`, which does not run out of range; −Infinity where a correlation is exactly 1. */
  readonly logPValue: number;
}

/**
 * Wilks' test of canonical correlations: how many of them are more than chance.
 *
 *     Λₖ = Π_{i≥k} (1 − ρᵢ²),    p = keptX − k,   q = keptY − k,   k = 0, 1, …
 *     F = (1 − λ)/λ · d₂/d₁,     λ = Λₖ^{1/t},   t = √((p²q² − 4)/(p² + q² − 5))   (1 if p² + q² ≤ 5)
 *     d₁ = pq,    d₂ = (examples − 1 − (keptX + keptY + 1)/2)·t − pq/2 + 1
 *
 * Test k is of the hypothesis that at most k correlations are not 0; count the tests until the first large `pValue`.
 * Rao's F has exactly this distribution where p or q is 1 or 2, and nearly elsewhere. (statsmodels' `corr_test` takes
 * the width of the wrong side off d₂: its p-values are too small or too large unless both widths are equal.)
 *
 * **Assumes** independent examples, Gaussian on at least one side. Positions of one image are not independent examples:
 * for the results of `convSvcca(…, { as: "samples" })` and for consecutive steps of a recording the p-values are far too
 * small; use permutations of whole images. Correlations that a ridge (`regularization`) has shrunk do not follow the
 * law either, nor do those of complex data (`dftCca`). Activations are rarely Gaussian: take it as a guide.
 *
 * @param result - What {@link cca} or {@link svcca} returned, or the same three fields.
 * @returns One test per correlation, as many as `correlations`; none where a side has no variance.
 * @throws RangeError if keptX + keptY > examples − 1 (then some correlations are 1 for any data), or the fields do not fit
 * each other.
 * @example
 * ```ts
 * import { cca, wilksTest } from "closerlook/similarity";
 *
 * const x = [[1], [2], [3], [4], [5]];
 * const y = [[2], [1], [4], [3], [5]]; // correlation 0.8
 * const [test] = wilksTest(cca(x, y), { examples: 5 });
 * test.pValue; // 0.10408803866182788 — that of the t-test of one correlation
 * ```
 * @see Wilks 1935; F: Rao 1951; Mardia, Kent, Bibby 1979, section 10.2.3.
 */
export function wilksTest(
  result: Pick<CanonicalResult, "correlations" | "keptX" | "keptY">,
  options: WilksTestOptions,
): WilksTest[] {
  const { correlations, keptX, keptY, examples } = checkArguments(result, options);
  const tests: WilksTest[] = [];
  let logLambda = 0;
  for (let k = correlations.length - 1; k >= 0; k--) {
    const correlation = correlations[k]!;
    logLambda += Math.log1p(-correlation) + Math.log1p(correlation);
    const lengths = [keptX - k, keptY - k] as const;
    const half = (keptX + keptY + 1) / 2;
    tests.unshift({ correlation, ...raoTest(logLambda, ...lengths, examples - 1 - half) });
  }
  return tests;
}

function raoTest(logLambda: number, p: number, q: number, factor: number) {
  const squares = p * p + q * q - 5;
  const root = squares > 0 ? Math.sqrt((p * p * q * q - 4) / squares) : 1;
  const numerator = p * q;
  const denominator = factor * root - numerator / 2 + 1;
  const logRoot = logLambda / root;
  const complement = 0 - Math.expm1(logRoot);
  // With F of these degrees of freedom λ has a beta law, so that its lower tail is the upper tail of F.
  const logPValue = logIncompleteBeta(logRoot, complement, denominator / 2, numerator / 2);
  return {
    lambda: Math.exp(logLambda),
    fStatistic: ((complement / Math.exp(logRoot)) * denominator) / numerator,
    degreesOfFreedom: [numerator, denominator] as const,
    pValue: Math.exp(logPValue),
    logPValue,
  };
}

function checkArguments(
  result: Pick<CanonicalResult, "correlations" | "keptX" | "keptY">,
  options: WilksTestOptions,
) {
  const where = "wilksTest";
  if (typeof result !== "object" || result === null || !("correlations" in result)) {
    throw typeError(where, "result", "what cca or svcca returned", result);
  }
  checkOptions(where, options, ["examples"]);
  const keptX = checkInteger(where, "keptX", result.keptX, { min: 0 });
  const keptY = checkInteger(where, "keptY", result.keptY, { min: 0 });
  const examples = checkInteger(where, "examples", options.examples, { min: 2 });
  if (!ArrayBuffer.isView(result.correlations) && !Array.isArray(result.correlations)) {
    throw typeError(where, "correlations", "an array of numbers", result.correlations);
  }
  const correlations = Array.from(result.correlations);
  if (correlations.length !== Math.min(keptX, keptY)) {
    throw rangeError(
      where,
      "correlations",
      `min(keptX, keptY) = ${Math.min(keptX, keptY)} numbers`,
      correlations.length,
    );
  }
  correlations.forEach((value, i) => {
    const max = i === 0 ? 1 : correlations[i - 1]!;
    checkNumber(where, `correlations[${i}]`, value, { min: 0, max });
  });
  if (keptX + keptY > examples - 1) {
    throw rangeError(
      where,
      "examples",
      `> keptX + keptY = ${keptX + keptY}`,
      examples,
      "With fewer, some correlations are 1 whatever the data: take more examples or keep fewer directions",
    );
  }
  return { correlations, keptX, keptY, examples };
}

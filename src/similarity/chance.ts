/**
 * What independent data would give: the expectation of canonical correlations between Gaussian data of
 * `dimensionsX` and `dimensionsY` directions over `examples` examples.
 */
export interface Chance {
  /** Expected mean of the min(dimensionsX, dimensionsY) canonical correlations, in [0, 1]. */
  readonly mean: number;
  /** Expected mean of their squares: max(dimensionsX, dimensionsY)/(examples − 1), exactly. */
  readonly meanSquare: number;
}

/**
 * Mean canonical correlation of independent data.
 *
 * The squared correlations λ of a p- and a q-dimensional random subspace of R^N, N = examples − 1, p ≤ q, p + q ≤ N,
 * follow Wachter's law in the limit of many dimensions: with c = p/N, d = q/N and a, b = (√(c(1−d)) ∓ √(d(1−c)))²,
 *
 *     density(λ) = √((λ − a)(b − λ)) / (2π c λ (1 − λ))   on [a, b].
 *
 * With W the mean of √λ under this law, few dimensions have
 *
 *     E = W + A/p + B/p²,    A = (√a + √b)/4 − (1/2π) ∫ √λ/√((λ − a)(b − λ)) dλ   (0 for complex data).
 *
 * A is the first-order term of real Jacobi ensembles. W, A and B depend on p : q : N only, so that B follows from p = 1,
 * where λ has a beta law. Where p + q > N, p + q − N of the p correlations are exactly 1 and the others are those of the
 * orthogonal complements, of dimensions N − q and N − p.
 *
 * Against simulations: exact for p = 1, low by at most 1.2 % for p = q (p = 2 the worst), within 0.2 % elsewhere; half
 * of that for complex data.
 */
export function chanceLevel(
  examples: number,
  dimensionsX: number,
  dimensionsY: number,
  field: "real" | "complex" = "real",
): Chance {
  const total = examples - 1;
  const p = Math.min(dimensionsX, dimensionsY);
  const q = Math.max(dimensionsX, dimensionsY);
  if (p === 0) return { mean: 0, meanSquare: 0 };
  if (q >= total) return { mean: 1, meanSquare: 1 };
  const ones = Math.max(0, p + q - total);
  const others = ones > 0 ? total - q : p;
  const mean = meanBelowOne(others, ones > 0 ? total - p : q, total, field);
  return { mean: (ones + others * mean) / p, meanSquare: q / total };
}

function meanBelowOne(p: number, q: number, total: number, field: "real" | "complex"): number {
  const one = meanOfOne(q / p, total / p, field);
  if (p === 1) return one;
  const { mean, firstOrder } = wachter(p / total, q / total);
  const a = field === "real" ? firstOrder : 0;
  const b = one - mean - a;
  return mean + a / p + b / p ** 2;
}

/** E√λ for one correlation, λ ~ Beta(q/2, (N − q)/2): Γ((q+1)/2) Γ(N/2) / (Γ(q/2) Γ((N+1)/2)); complex: q, N doubled. */
function meanOfOne(q: number, total: number, field: "real" | "complex"): number {
  const half = field === "real" ? 1 / 2 : 1;
  return gammaStep(q * half) / gammaStep(total * half);
}

/** Γ(x + ½)/Γ(x), by the recurrence up to where the asymptotic series is exact to double precision. */
function gammaStep(x: number): number {
  let factor = 1;
  let at = x;
  for (; at < 100; at++) factor *= at / (at + 0.5);
  const inverse = 1 / at;
  const series =
    1 +
    inverse *
      (-1 / 8 +
        inverse *
          (1 / 128 + inverse * (5 / 1024 + inverse * (-21 / 32768 - inverse * (399 / 262144)))));
  return factor * Math.sqrt(at) * series;
}

/** W and A of {@link chanceLevel}, integrated with λ = a + (b − a) sin²θ, which removes the square-root ends. */
function wachter(c: number, d: number): { readonly mean: number; readonly firstOrder: number } {
  const lower = (Math.sqrt(c * (1 - d)) - Math.sqrt(d * (1 - c))) ** 2;
  const upper = (Math.sqrt(c * (1 - d)) + Math.sqrt(d * (1 - c))) ** 2;
  const belowOne = (Math.sqrt((1 - c) * (1 - d)) - Math.sqrt(c * d)) ** 2;
  const width = upper - lower;
  const points = 512;
  let integral = 0;
  let arcsine = 0;
  for (let i = 0; i < points; i++) {
    const theta = ((i + 0.5) * Math.PI) / (2 * points);
    const sine = Math.sin(theta) ** 2;
    const cosine = Math.cos(theta) ** 2;
    const correlation = Math.sqrt(lower + width * sine);
    integral += (sine * cosine) / (correlation * (belowOne + width * cosine));
    arcsine += correlation / points;
  }
  return {
    mean: Math.min(1, (integral * width ** 2) / (2 * points * c)),
    firstOrder: (Math.sqrt(lower) + Math.sqrt(upper)) / 4 - arcsine / 2,
  };
}

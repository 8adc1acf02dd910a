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
 * The squared correlations λ of a p- and a q-dimensional random subspace of R^N, N = examples − 1, p ≤ q, follow
 * Wachter's law: with c = p/N, d = q/N and a, b = (√(c(1−d)) ∓ √(d(1−c)))²,
 *
 *     density(λ) = √((λ − a)(b − λ)) / (2π c λ (1 − λ))   on [a, b],
 *
 * and where p + q > N, p + q − N of the p correlations are exactly 1. The mean of √λ is integrated numerically with
 * λ = a + (b − a) sin²θ, which removes the square-root ends. For p = 1 the exact beta law is used instead.
 */
export function chanceLevel(examples: number, dimensionsX: number, dimensionsY: number): Chance {
  const total = examples - 1;
  const p = Math.min(dimensionsX, dimensionsY);
  const q = Math.max(dimensionsX, dimensionsY);
  if (p === 0) return { mean: 0, meanSquare: 0 };
  if (q >= total) return { mean: 1, meanSquare: 1 };
  return { mean: p === 1 ? meanOfOne(q, total) : wachterMean(p, q, total), meanSquare: q / total };
}

/** E√λ for λ ~ Beta(q/2, (N − q)/2): Γ((q+1)/2) Γ(N/2) / (Γ(q/2) Γ((N+1)/2)). */
const meanOfOne = (q: number, total: number): number => gammaStep(q / 2) / gammaStep(total / 2);

/** Γ(x + ½)/Γ(x), by the recurrence up to where the asymptotic series is exact to double precision. */
function gammaStep(x: number): number {
  let factor = 1;
  let at = x;
  for (; at < 20; at++) factor *= at / (at + 0.5);
  const inverse = 1 / at;
  const series =
    1 +
    inverse *
      (-1 / 8 +
        inverse *
          (1 / 128 + inverse * (5 / 1024 + inverse * (-21 / 32768 - inverse * (399 / 262144)))));
  return factor * Math.sqrt(at) * series;
}

function wachterMean(p: number, q: number, total: number): number {
  const c = p / total;
  const d = q / total;
  const lower = (Math.sqrt(c * (1 - d)) - Math.sqrt(d * (1 - c))) ** 2;
  const upper = (Math.sqrt(c * (1 - d)) + Math.sqrt(d * (1 - c))) ** 2;
  const belowOne = (Math.sqrt((1 - c) * (1 - d)) - Math.sqrt(c * d)) ** 2;
  const width = upper - lower;
  const points = 2048;
  let integral = 0;
  for (let i = 0; i < points; i++) {
    const theta = ((i + 0.5) * Math.PI) / (2 * points);
    const sine = Math.sin(theta) ** 2;
    const cosine = Math.cos(theta) ** 2;
    integral += (sine * cosine) / (Math.sqrt(lower + width * sine) * (belowOne + width * cosine));
  }
  const continuous = (integral * width ** 2) / (2 * points * c);
  const ones = Math.max(0, p + q - total) / p;
  return Math.min(1, ones + continuous);
}

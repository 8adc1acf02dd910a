import { logIncompleteBeta } from "./betaDistribution.js";

/** The number below which a standard normal variable lies with the given probability, in [½, 1). */
export function normalQuantile(probability: number): number {
  let at = 0;
  // Newton's steps come from below, since the distribution is concave there: they end when they no longer move.
  for (let i = 0; i < 100; i++) {
    const density = Math.exp(-(at * at) / 2) / Math.sqrt(2 * Math.PI);
    const next = at + (probability - 0.5 - density * oddSeries(at)) / density;
    if (!(next > at)) return at;
    at = next;
  }
  return at;
}

/** Σ z^(2k+1)/(2k+1)!!, which times the density is the probability of [0, z]. */
function oddSeries(z: number): number {
  let sum = 0;
  for (let term = z, k = 1; sum + term !== sum; k++) {
    sum += term;
    term *= (z * z) / (2 * k + 1);
  }
  return sum;
}

/** The number below which Student's t with so many degrees of freedom lies with the given probability, in [½, 1). */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  const wanted = Math.log(2 * (1 - probability));
  // P(|T| > t) = I_x(ν/2, ½) with x = ν/(ν + t²) = sin²: the angle is found by halving.
  const logBothTails = (angle: number) =>
    logIncompleteBeta(
      2 * Math.log(Math.sin(angle)),
      Math.cos(angle) ** 2,
      degreesOfFreedom / 2,
      1 / 2,
    );
  let lower = 0;
  let upper = Math.PI / 2;
  for (let i = 0; i < 100; i++) {
    const middle = (lower + upper) / 2;
    if (logBothTails(middle) < wanted) lower = middle;
    else upper = middle;
  }
  return Math.sqrt(degreesOfFreedom) / Math.tan((lower + upper) / 2);
}

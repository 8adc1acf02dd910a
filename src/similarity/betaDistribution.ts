/**
 * Natural logarithm of the regularised incomplete beta function I_x(a, b): the probability that a Beta(a, b) variable is
 * at most x. Right to a few units of rounding of its terms, however small the probability.
 *
 *     I_x(a, b) = x^a y^b / (a B(a, b)) · 1/(1 + d₁/(1 + d₂/(1 + …))),    y = 1 − x
 *
 * @param logX - log x, which can be far below the logarithm of the smallest double.
 * @param y - 1 − x, given by itself so that it has all its digits where x is near 1.
 * @see Abramowitz and Stegun, 26.5.8.
 */
export function logIncompleteBeta(logX: number, y: number, a: number, b: number): number {
  if (y === 0) return 0;
  if (logX === Number.NEGATIVE_INFINITY) return logX;
  const x = Math.exp(logX);
  const logTerm = logBetaTerm(logX, y, a, b);
  // The fraction converges fast up to the mean. Beyond, the probability is a large part of 1, so that it can be the
  // complement of the other tail without losing digits.
  if (x <= (a + 1) / (a + b + 2)) {
    return Math.min(0, logTerm - Math.log(a) + Math.log(continuedFraction(x, a, b)));
  }
  return Math.log1p(-Math.min(1, Math.exp(logTerm - Math.log(b)) * continuedFraction(y, b, a)));
}

/** log(x^a y^b / B(a, b)), with Stirling's formula for B taken apart so that no large terms cancel. */
function logBetaTerm(logX: number, y: number, a: number, b: number): number {
  const sum = a + b;
  const x = Math.exp(logX);
  const logMean = a > b ? Math.log1p(-b / sum) : Math.log(a / sum);
  const logOverMean = x < 0.5 ? Math.log1p((a - x * sum) / b) : Math.log((y * sum) / b);
  return (
    a * (logX - logMean) +
    b * logOverMean +
    Math.log((a / (2 * Math.PI)) * (b / sum)) / 2 +
    stirlingError(sum) -
    stirlingError(a) -
    stirlingError(b)
  );
}

/** log Γ(x) − ((x − ½) log x − x + ½ log 2π), by recurrence up to where the asymptotic series is exact. */
function stirlingError(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < 16; at++) sum += (at + 0.5) * Math.log1p(1 / at) - 1;
  const inverse = 1 / (at * at);
  const series =
    1 / 12 -
    inverse *
      (1 / 360 -
        inverse *
          (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188 - (inverse * 691) / 360360))));
  return sum + series / at;
}

/** 1/(1 + d₁/(1 + d₂/(1 + …))) of I_x(a, b), by the method of Lentz; needs some √max(a, b) steps. */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let numerator = 1;
  let denominator = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = denominator;
  const step = (d: number) => {
    denominator = 1 / away(1 + d * denominator);
    numerator = away(1 + d / numerator);
    fraction *= denominator * numerator;
    return denominator * numerator;
  };
  for (let m = 1; m < 1e6; m++) {
    const k = a + 2 * m;
    step((m * (b - m) * x) / ((k - 1) * k));
    const change = step((-(a + m) * (a + b + m) * x) / (k * (k + 1)));
    if (Math.abs(change - 1) <= Number.EPSILON) break;
  }
  return fraction;
}

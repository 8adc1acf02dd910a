import { logSoftmaxRow } from "./logSoftmax.js";
import { softenedRow } from "./softenedRow.js";

/**
 * KL(p‖q) of one example, p and q the softmax of the teacher's and the student's logits at temperature T, in full precision
 * at every temperature and for logits that nearly agree:
 *
 *     d = (teacher − student) / T,   u = d − Σ p·d,   KL = Σ p·d + log Σ p·e^(−d) = log(1 + Σ p·(e^(−u) − 1 + u))
 *
 * No term is negative, and d is taken of the softened logits and not of logarithms of probabilities, whose rounding errors
 * do not shrink with the temperature.
 */
export function divergence(
  student: Float64Array,
  teacher: Float64Array,
  temperature: number,
): number {
  const logP = logSoftmaxRow(teacher, temperature);
  const p = logP.map(Math.exp);
  const [z, t] = [softenedRow(student, temperature), softenedRow(teacher, temperature)];
  const d = t.map((value, c) => value - z[c]!);
  const middle = d.reduce((sum, value, c) => sum + p[c]! * value, 0);
  if (d.every((value) => Math.abs(value - middle) < HUGE)) {
    return Math.log1p(d.reduce((sum, value, c) => sum + p[c]! * excess(value - middle), 0));
  }
  // One of the two has a class that is practically 0 for the other: p·log(p/q) − p + q, whose sum is the same.
  const logQ = logSoftmaxRow(student, temperature);
  return p.reduce((sum, pOf, c) => {
    const q = Math.exp(logQ[c]!);
    const difference = logP[c]! - logQ[c]!;
    if (pOf === 0) return sum + q;
    const near = Math.abs(difference) < 1;
    return sum + (near ? pOf * excess(difference) : pOf * (difference - 1) + q);
  }, 0);
}

/** Differences of which e^(−u) does not overflow. */
const HUGE = 500;

/** e^(−u) − 1 + u without cancellation. */
function excess(u: number): number {
  if (Math.abs(u) >= 1) return Math.expm1(-u) + u;
  let sum = 0;
  for (let k = 2, term = (u * u) / 2; sum + term !== sum; term *= -u / ++k) sum += term;
  return sum;
}

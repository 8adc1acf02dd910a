import type { Engine } from "./engine.js";
import { PIECE, pieces } from "./pieces.js";

/** What a number of the optimizer's state is read from and written to; both may be the same place. */
interface State {
  /** Address; 0 at the first update. */
  readonly from: number;
  readonly to: number;
}

/** An update of `length` weights; new weights may take the place of the old ones. */
interface Update {
  readonly length: number;
  readonly weights: number;
  readonly gradient: number;
  readonly newWeights: number;
}

/**
 *     g ← gradient + weightDecay · w
 *     v ← momentum · v + g                      (first update: v = g)
 *     w ← w − learningRate · v                  (nesterov: w − learningRate · (g + momentum · v))
 */
export function momentumUpdate(
  engine: Engine,
  { length, weights, gradient, newWeights }: Update,
  velocity: State | undefined,
  rule: { learningRate: number; momentum: number; weightDecay: number; nesterov: boolean },
): void {
  const plan = engine.numbers("momentum plan", [
    ...[weights, gradient, velocity?.from ?? 0, newWeights, velocity?.to ?? 0],
    ...[length, PIECE, Number(rule.nesterov)],
  ]);
  const numbers = [plan, rule.learningRate, rule.momentum, rule.weightDecay];
  engine.run("momentumUpdate", numbers, pieces(length));
}

/** Constants of {@link adamUpdate}; `step` is the number of the update, from 1. */
export interface AdamRule {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Whether the decay acts on the weights by itself (AdamW) and is not part of the gradient. */
  readonly decoupled: boolean;
  readonly step: number;
}

/**
 *     g ← gradient + weightDecay · w            (decoupled: g = gradient, and w ← (1 − learningRate · weightDecay) · w)
 *     m ← beta1 · m + (1 − beta1) · g           (first update: m = s = 0 before)
 *     s ← beta2 · s + (1 − beta2) · g²
 *     w ← w − learningRate · m / (1 − beta1^step) / (√(s / (1 − beta2^step)) + epsilon)
 */
export function adamUpdate(
  engine: Engine,
  { length, weights, gradient, newWeights }: Update,
  { mean, square }: { mean: State; square: State },
  { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step }: AdamRule,
): void {
  const plan = engine.numbers("adam plan", [
    ...[weights, gradient, mean.from, square.from, newWeights, mean.to, square.to],
    ...[length, PIECE],
  ]);
  const numbers = [
    plan,
    learningRate / (1 - beta1 ** step),
    decoupled ? 1 - learningRate * weightDecay : 1,
    decoupled ? 0 : weightDecay,
    ...[beta1, 1 - beta1, beta2, 1 - beta2],
    1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  ];
  engine.run("adamUpdate", numbers, pieces(length));
}

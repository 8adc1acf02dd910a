/** Updates in one pass over memory; new values may take the place of the old ones. item = piece of `piece` numbers. */

// The fields stand in the order of `optimizers.ts` outside of this folder.
@unmanaged
export class Momentum {
  weights: u32;
  gradient: u32;
  /** 0 for none: the velocity is the gradient. */
  velocity: u32;
  newWeights: u32;
  /** 0 for none. */
  newVelocity: u32;
  length: i32;
  piece: i32;
  nesterov: i32;
}

/** As `sgd` of tfjs's operations rounds it: each product and each sum by itself. */
export function momentumUpdate(
  plan: Momentum,
  learningRate: f32,
  momentum: f32,
  weightDecay: f32,
  scratch: usize,
  item: i32,
): void {
  const first = item * plan.piece;
  const count = min(plan.piece, plan.length - first);
  const start = <usize>first << 2;
  const weights = <usize>plan.weights + start;
  const gradient = <usize>plan.gradient + start;
  const velocity = <usize>plan.velocity + start;
  const newWeights = <usize>plan.newWeights + start;
  const newVelocity = <usize>plan.newVelocity + start;
  const hasVelocity = plan.velocity != 0;
  const keepsVelocity = plan.newVelocity != 0;
  const nesterov = plan.nesterov != 0;
  const rates = f32x4.splat(learningRate);
  const inertia = f32x4.splat(momentum);
  const decay = f32x4.splat(weightDecay);
  const end = <usize>count << 2;
  const vectors = end & ~15;
  for (let at: usize = 0; at < vectors; at += 16) {
    const w = v128.load(weights + at);
    let g = v128.load(gradient + at);
    if (weightDecay != 0) g = f32x4.add(g, f32x4.mul(w, decay));
    let v = g;
    if (hasVelocity) v = f32x4.add(f32x4.mul(v128.load(velocity + at), inertia), g);
    const step = nesterov ? f32x4.add(g, f32x4.mul(v, inertia)) : v;
    v128.store(newWeights + at, f32x4.sub(w, f32x4.mul(step, rates)));
    if (keepsVelocity) v128.store(newVelocity + at, v);
  }
  for (let at = vectors; at < end; at += 4) {
    const w = f32.load(weights + at);
    let g = f32.load(gradient + at);
    if (weightDecay != 0) g = g + w * weightDecay;
    let v = g;
    if (hasVelocity) v = f32.load(velocity + at) * momentum + g;
    const step = nesterov ? g + v * momentum : v;
    f32.store(newWeights + at, w - step * learningRate);
    if (keepsVelocity) f32.store(newVelocity + at, v);
  }
}

@unmanaged
export class Adam {
  weights: u32;
  gradient: u32;
  /** Running means of the gradient and of its square; 0 for those before the first update, which are zero. */
  mean: u32;
  square: u32;
  newWeights: u32;
  newMean: u32;
  newSquare: u32;
  length: i32;
  piece: i32;
}

/**
 *     g ← g + l2 · w
 *     m ← beta1 · m + (1 − beta1) · g
 *     s ← beta2 · s + (1 − beta2) · g²
 *     w ← keep · w − rate · m / (sqrt(s) · root + epsilon)
 */
export function adamUpdate(
  plan: Adam,
  rate: f32,
  keep: f32,
  l2: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  root: f32,
  epsilon: f32,
  scratch: usize,
  item: i32,
): void {
  const first = item * plan.piece;
  const count = min(plan.piece, plan.length - first);
  const start = <usize>first << 2;
  const weights = <usize>plan.weights + start;
  const gradient = <usize>plan.gradient + start;
  const mean = <usize>plan.mean + start;
  const square = <usize>plan.square + start;
  const newWeights = <usize>plan.newWeights + start;
  const newMean = <usize>plan.newMean + start;
  const newSquare = <usize>plan.newSquare + start;
  const known = plan.mean != 0;
  const end = <usize>count << 2;
  const vectors = end & ~15;
  for (let at: usize = 0; at < vectors; at += 16) {
    const w = v128.load(weights + at);
    let g = v128.load(gradient + at);
    if (l2 != 0) g = f32x4.add(g, f32x4.mul(w, f32x4.splat(l2)));
    let m = f32x4.mul(g, f32x4.splat(rest1));
    let s = f32x4.mul(f32x4.mul(g, g), f32x4.splat(rest2));
    if (known) {
      m = f32x4.add(f32x4.mul(v128.load(mean + at), f32x4.splat(beta1)), m);
      s = f32x4.add(f32x4.mul(v128.load(square + at), f32x4.splat(beta2)), s);
    }
    const size = f32x4.add(f32x4.mul(f32x4.sqrt(s), f32x4.splat(root)), f32x4.splat(epsilon));
    // A square that has overflown would stop its weight unnoticed: 0 · ∞ makes the weight NaN.
    const alarm = f32x4.mul(s, f32x4.splat(0));
    const step = f32x4.add(f32x4.div(f32x4.mul(m, f32x4.splat(rate)), size), alarm);
    v128.store(newWeights + at, f32x4.sub(f32x4.mul(w, f32x4.splat(keep)), step));
    v128.store(newMean + at, m);
    v128.store(newSquare + at, s);
  }
  for (let at = vectors; at < end; at += 4) {
    const w = f32.load(weights + at);
    let g = f32.load(gradient + at);
    if (l2 != 0) g = g + w * l2;
    let m = g * rest1;
    let s = g * g * rest2;
    if (known) {
      m = f32.load(mean + at) * beta1 + m;
      s = f32.load(square + at) * beta2 + s;
    }
    const size = sqrt<f32>(s) * root + epsilon;
    f32.store(newWeights + at, w * keep - ((m * rate) / size + s * 0));
    f32.store(newMean + at, m);
    f32.store(newSquare + at, s);
  }
}

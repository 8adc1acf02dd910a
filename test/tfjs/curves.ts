import { type Curve, PolyChainCurve } from "../../src/curves/index.js";
import { Random } from "../../src/internal/random.js";
import { weightsOf } from "../../src/tfjs/index.js";
import type { Model } from "../../src/tfjs/model.js";

/** A Bézier curve of any order through nothing but the interface that curves have. */
export class Bezier implements Curve {
  readonly points: readonly Float32Array[];
  readonly length = Number.NaN;

  constructor(points: readonly Float32Array[]) {
    this.points = points.map((point) => point.slice());
  }

  at(t: number): Float32Array {
    const c = this.coefficients(t);
    return this.points[0]!.map((_, i) =>
      this.points.reduce((sum, point, j) => sum + c[j]! * point[i]!, 0),
    );
  }

  coefficients(t: number): Float64Array {
    const order = this.points.length - 1;
    let binomial = 1;
    return Float64Array.from(this.points, (_, j) => {
      if (j > 0) binomial = (binomial * (order - j + 1)) / j;
      return binomial * t ** j * (1 - t) ** (order - j);
    });
  }
}

/** Trainable weights for a model, the same for the same seed. */
export function otherWeights(model: Model, seed: number): Float32Array {
  const random = new Random(seed, "other weights");
  const weights = weightsOf(model).read({ trainable: true });
  return weights.map((weight) => weight + 0.5 * random.normal());
}

/** A chain between two networks whose bends are off the line. */
export function bentChain(model: Model, bends = 1): PolyChainCurve {
  const [start, end] = [otherWeights(model, 1), otherWeights(model, 2)];
  const curve = new PolyChainCurve({ start, end, bends });
  for (let j = 1; j <= bends; j++) curve.points[j]!.set(otherWeights(model, 2 + j));
  return curve;
}

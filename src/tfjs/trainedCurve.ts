import * as tf from "@tensorflow/tfjs-core";
import type { Curve } from "../curves/curve.js";
import { crc32 } from "../formats/index.js";
import type { ModelVariable } from "./model.js";
import type { OpenModel } from "./openModel.js";
import type { Optimizer } from "./optimizer.js";
import { trainableOf } from "./trainableWeights.js";
import type { Trained } from "./trained.js";

export interface CurveRule {
  /** Position on the curve at each update. */
  readonly positions: readonly number[];
  /** Whether each point is moved. */
  readonly free: readonly boolean[];
  readonly weightDecay: number;
  readonly decay: "point" | "bend";
  /** What else the checkpoints are to remember. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * The points of a curve as variables that a training moves. The model is at γ(t) while the gradient is taken; as soon as
 * it is there, the model lets go of γ(t) and shares the tensors of the first point, so that no more than the points and
 * one gradient are in memory.
 */
export class TrainedCurve implements Trained {
  readonly variables: readonly ModelVariable[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly #curve: Curve;
  readonly #rule: CurveRule;
  /** The trainable variables of the model, and where each begins in a point of the curve. */
  readonly #model: readonly { readonly variable: tf.Variable; readonly from: number }[];
  /** Each point as a tensor for each of them, a variable if it is free. */
  readonly #points: readonly (readonly tf.Tensor[])[];
  /** What the model has beside them, batch-norm statistics for example, as it is to stay. */
  readonly #others: readonly { readonly variable: tf.Variable; readonly before: tf.Tensor }[];
  #coefficients: ArrayLike<number> = [];

  constructor(weights: OpenModel, curve: Curve, rule: CurveRule) {
    this.#curve = curve;
    this.#rule = rule;
    const variables: ModelVariable[] = [];
    const trainable = trainableOf(weights);
    this.#model = placesOf(trainable);
    this.#others = weights.variables
      .filter((variable) => !variable.trainable)
      .map(({ variable }) => ({ variable, before: tf.clone(variable) }));
    this.#points = curve.points.map((point, j) => {
      const tensors = trainable.map(({ shape, size }, i) => {
        const { from } = this.#model[i]!;
        // A copy, since a backend may keep the very array that a tensor is made from.
        return tf.tensor(point.slice(from, from + size), [...shape], "float32");
      });
      if (!rule.free[j]) return tensors;
      return tensors.map((tensor, i) => {
        const variable = tf.variable(tensor);
        tensor.dispose();
        const { name, layer, shape, size } = trainable[i]!;
        const { offset, size: before } = variables.at(-1) ?? { offset: 0, size: 0 };
        const place = { shape, size, offset: offset + before, trainable: true, variable };
        variables.push({ name: `point ${j}/${name}`, layer, ...place });
        return variable;
      });
    });
    this.variables = variables;
    this.settings = {
      curve: {
        points: curve.points.map((point, j) => (rule.free[j] ? "free" : checksum(point))),
        // At a place that is special to no kind of curve.
        coefficients: Array.from(curve.coefficients(0.3)),
      },
      // Which of the model's variables the points are made of.
      variables: weights.variables.flatMap(({ trainable }, i) => (trainable ? [i] : [])),
      ...rule.settings,
    };
  }

  enter(update: number): void {
    this.#coefficients = this.#curve.coefficients(this.#rule.positions[update]!);
    for (const [i, { variable }] of this.#model.entries()) {
      tf.tidy(() => {
        const terms = this.#points.flatMap((tensors, j) => {
          const coefficient = this.#coefficients[j]!;
          return coefficient === 0 ? [] : [times(coefficient, tensors[i]!)];
        });
        variable.assign(terms.reduce((sum, term) => tf.add(sum, term)));
      });
    }
  }

  move(gradient: tf.NamedTensorMap, optimizer: Optimizer, learningRate: number): void {
    const { free, weightDecay, decay } = this.#rule;
    for (const [i, { variable }] of this.#model.entries()) {
      const ofLoss = gradient[variable.name];
      tf.tidy(() => {
        const ofPoint = ofLoss && decay === "point" ? plus(ofLoss, weightDecay, variable) : ofLoss;
        variable.assign(tf.clone(this.#points[0]![i]!));
        // A variable that the loss does not depend on has no gradient, and does not decay either, as in `train`.
        if (!ofPoint) return;
        for (const [j, tensors] of this.#points.entries()) {
          if (!free[j]) continue;
          tf.tidy(() => {
            const point = tensors[i] as tf.Variable;
            // The points without a part in γ(t) too: their velocities go on.
            const chained = times(this.#coefficients[j]!, ofPoint);
            const whole = decay === "bend" ? plus(chained, weightDecay, point) : chained;
            optimizer.apply([[point, whole]], learningRate);
          });
        }
      });
    }
    for (const { variable, before } of this.#others) variable.assign(before);
  }

  /** Writes the free points into the curve. */
  save(): void {
    for (const [j, tensors] of this.#points.entries()) {
      if (!this.#rule.free[j]) continue;
      for (const [i, tensor] of tensors.entries()) {
        this.#curve.points[j]!.set(tensor.dataSync(), this.#model[i]!.from);
      }
    }
  }

  dispose(): void {
    tf.dispose([...this.#points.flat(), ...this.#others.map(({ before }) => before)]);
  }
}

function placesOf(variables: readonly ModelVariable[]) {
  let length = 0;
  return variables.map(({ variable, size }) => {
    const from = length;
    length += size;
    return { variable, from };
  });
}

const times = (factor: number, tensor: tf.Tensor): tf.Tensor => {
  if (factor === 0) return tf.zerosLike(tensor);
  return factor === 1 ? tf.clone(tensor) : tf.mul(tensor, factor);
};

/** `a + factor · b` */
const plus = (a: tf.Tensor, factor: number, b: tf.Tensor): tf.Tensor =>
  factor === 0 ? a : tf.add(a, tf.mul(b, factor));

const checksum = ({ buffer, byteOffset, byteLength }: Float32Array): number =>
  crc32(new Uint8Array(buffer, byteOffset, byteLength));

import * as tf from "@tensorflow/tfjs-core";
import { rangeError, typeError } from "../internal/checks.js";
import { checkShaped, isShaped, type NumericArray, type ShapedArray } from "../internal/matrix.js";
import type { OpenModel } from "./openModel.js";

/** Inputs of a model, one example after the other: a tensor, or an array with its shape `[examples, …]`. */
export type Inputs = tf.Tensor | ShapedArray;

/** Examples with their classes. */
export interface LabelledData {
  /** Inputs `[examples, …]`. A tensor is copied, and stays the caller's. */
  readonly x: Inputs;
  /** The class of each example, an index into the model's outputs: 0 … classes − 1; 64-bit integers too. */
  readonly y: ArrayLike<number> | BigInt64Array | BigUint64Array;
}

/** Checked inputs on the host. */
export interface Examples {
  readonly data: NumericArray;
  readonly count: number;
  /** Shape of one example. */
  readonly shape: readonly number[];
  /** Numbers in one example. */
  readonly size: number;
}

/** Checked inputs and classes on the host. */
export interface LabelledExamples extends Examples {
  readonly labels: Int32Array;
}

/** Reads and checks inputs: at least one example, the stated length, every number finite. */
export async function readInputs(where: string, name: string, x: Inputs): Promise<Examples> {
  const array = x instanceof tf.Tensor ? { data: await x.data(), shape: x.shape } : x;
  if (!isShaped(array)) {
    const hint = Array.isArray(x) ? `Nested arrays become a tensor by tf.tensor(${name})` : "";
    throw typeError(where, name, "a tensor or { data, shape }", x, hint);
  }
  const data = checkShaped(where, name, array);
  const { shape } = array;
  if (shape.length < 2 || data.length === 0) {
    throw rangeError(where, `${name}.shape`, "positive integers [examples, …]", shape);
  }
  const [count, ...exampleShape] = shape as [number, ...number[]];
  const size = data.length / count;
  const bad = data.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (bad >= 0) throw rangeError(where, `${name}.data[${bad}]`, "a finite number", data[bad]);
  return { data, count, shape: exampleShape, size };
}

/** Reads and checks labelled data, and that the model takes it and tells at least as many classes apart. */
export async function readLabelled(
  where: string,
  name: string,
  data: LabelledData,
  weights: OpenModel,
): Promise<LabelledExamples> {
  if (typeof data !== "object" || data === null) throw typeError(where, name, "{ x, y }", data);
  const { y } = data;
  const examples = await readInputs(where, `${name}.x`, data.x);
  checkInputShape(where, weights, examples);
  if (!(Array.isArray(y) || ArrayBuffer.isView(y)) || y instanceof DataView) {
    throw typeError(where, `${name}.y`, "an array of class indices", y, labelsHint(`${name}.y`, y));
  }
  if (y.length !== examples.count) {
    throw rangeError(
      where,
      `${name}.y`,
      `${examples.count} classes, one for each example`,
      y.length,
    );
  }
  const classes = countClasses(where, weights, examples);
  const labels = new Int32Array(examples.count);
  for (let i = 0; i < labels.length; i++) {
    const label = y[i]!;
    const isInteger = typeof label === "bigint" || Number.isInteger(label);
    if (!isInteger || label < 0 || label >= classes) {
      const must = `an integer from 0 to ${classes - 1}, as the model has ${classes} outputs`;
      throw rangeError(where, `${name}.y[${i}]`, must, label);
    }
    labels[i] = Number(label);
  }
  return { ...examples, labels };
}

/** How class indices are read from a tensor. */
function labelsHint(name: string, y: unknown): string {
  if (!(y instanceof tf.Tensor)) return "";
  const isOneHot = y.rank > 1 && y.shape.at(-1)! > 1;
  return `Read the tensor: Array.from(${isOneHot ? `tf.argMax(${name}, -1)` : name}.dataSync())`;
}

/** Width of the logits, found by running the first example in evaluation mode. */
export function countClasses(where: string, weights: OpenModel, examples: Examples): number {
  const shape = tf.tidy(() => weights.apply(batchOf(examples, 0, 1), { training: false }).shape);
  if (shape.length !== 2 || shape[0] !== 1 || shape[1]! < 2) {
    const hint = "Use one output for each class, also for two classes";
    throw rangeError(where, "the model's output", "logits [examples, classes >= 2]", shape, hint);
  }
  return shape[1]!;
}

/** The inputs fit the model's input layer, where it has one. */
export function checkInputShape(where: string, weights: OpenModel, { shape }: Examples): void {
  const expected = weights.inputShape?.slice(1);
  if (!expected) return;
  const fits =
    expected.length === shape.length && expected.every((n, i) => n === null || n === shape[i]);
  if (!fits) {
    const text = expected.map((n) => n ?? "any").join(", ");
    throw rangeError(where, "one example", `of shape [${text}], the model's input`, shape);
  }
}

/** The loss is of logits: a model that ends in a softmax would be trained, or judged, on the softmax of a softmax. */
export function checkLogits(where: string, weights: OpenModel): void {
  if (!weights.endsInSoftmax) return;
  throw new RangeError(
    `${where}: the model's output must be logits, got the probabilities of a softmax. Leave the softmax out: the loss contains it`,
  );
}

/** The examples `from … to − 1` as a tensor. */
export function batchOf(examples: Examples, from: number, to: number): tf.Tensor {
  const { data, size, shape } = examples;
  return tf.tensor(Float32Array.from(data.subarray(from * size, to * size)), [to - from, ...shape]);
}

/** Writes the example of an index into its place in a batch, which holds zeros. */
type Fetch = (example: NumericArray, result: Float32Array, index: number) => void;

/** The examples of the given indices as a tensor. */
export function gather(
  examples: Examples,
  indices: Uint32Array,
  fetch: Fetch = (example, result) => result.set(example),
): tf.Tensor {
  const { data, size, shape } = examples;
  const rows = new Float32Array(indices.length * size);
  indices.forEach((index, i) => {
    const example = data.subarray(index * size, (index + 1) * size);
    fetch(example, rows.subarray(i * size, (i + 1) * size), index);
  });
  return tf.tensor(rows, [indices.length, ...shape]);
}

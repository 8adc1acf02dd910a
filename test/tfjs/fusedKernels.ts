import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { registerTrainingKernels } from "../../src/tfjs/trainingKernels.js";
import type { WasmBackend } from "../../src/tfjs/wasmKernels/compose.js";
import { allFinite } from "../../src/tfjs/wasmKernels/finite.js";
import {
  type MomentumRule,
  updateByAdam,
  updateByMomentum,
} from "../../src/tfjs/wasmKernels/optimizerUpdate.js";
import { tensorMemory } from "../../src/tfjs/wasmKernels/tensorMemory.js";
import { relativeError } from "./directConvolution.js";

tf.env().set("PROD", true);

const values = (shape: readonly number[], seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => random.normal());
};

const tensor = (shape: number[], seed = 1): tf.Tensor => tf.tensor(values(shape, seed), shape);

/** Makes tfjs's heap impossible to find, so that the kernels have to copy. */
function hideHeap(backend: object): void {
  const { wasm } = backend as { wasm: { asm: object } };
  wasm.asm = { ...wasm.asm, memory: undefined };
}

type Compute = (...inputs: tf.Tensor[]) => tf.Tensor;

interface Case {
  readonly title: string;
  readonly inputs: () => tf.Tensor[];
  readonly f: Compute;
}

/** Output and gradients, as numbers, for a gradient of the output that is random. */
function numbersOf({ inputs, f }: Case): Float32Array[] {
  return tf.tidy(() => {
    const given = inputs();
    // Memory that is not zero by luck.
    tf.tidy(() => tf.fill([5000], Number.NaN));
    const y = f(...given);
    const gradients = tf.grads(f)(given, tensor(y.shape, 99));
    return [y, ...gradients].map((result) => result.dataSync() as Float32Array) as never;
  }) as unknown as Float32Array[];
}

const shapes: number[][] = [
  [1, 1, 1, 1],
  [1, 4, 4, 1],
  [3, 5, 3, 7],
  [2, 9, 8, 16],
  [10, 6, 6, 19],
  [4, 32, 32, 3],
];

const batchNorm =
  (axes: number[]): Compute =>
  (x, scale, offset) => {
    const { mean, variance } = tf.moments(x!, axes);
    return tf.batchNorm(
      x as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      1e-2,
    );
  };

const cases: Case[] = shapes.flatMap((shape): Case[] => {
  const x = () => tensor(shape);
  const channels = () => tensor([shape[3]!], 2);
  const one = (title: string, f: Compute): Case => ({ title, inputs: () => [x()], f });
  const reductions = [[0, 1, 2], [1, 2], [3], [0], [0, 3], [1, 2, 3], [2], undefined].flatMap(
    (axes) =>
      [false, true].flatMap((keep) => [
        one(`sum over ${axes}, ${keep}`, (a) => tf.sum(a!, axes, keep)),
        one(`mean over ${axes}, ${keep}`, (a) => tf.mean(a!, axes, keep)),
      ]),
  );
  return [
    one("relu", (a) => tf.relu(a!)),
    one("relu6", (a) => tf.relu6(tf.mul(a!, 5))),
    {
      title: "sum with a bias",
      inputs: () => [x(), channels()],
      f: (a?: tf.Tensor, b?: tf.Tensor) => tf.add(a!, b!),
    },
    {
      title: "sum of equal shapes",
      inputs: () => [x(), x()],
      f: (a?: tf.Tensor, b?: tf.Tensor) => tf.add(a!, b!),
    },
    one("clone", (a) => tf.mul(tf.clone(a!), 2)),
    ...reductions,
    {
      title: "batch norm in training",
      inputs: () => [x(), channels(), tensor([shape[3]!], 3)],
      f: batchNorm([0, 1, 2]),
    },
    {
      title: "batch norm in evaluation",
      inputs: () => [
        x(),
        ...[2, 3, 4].map((seed) => tensor([shape[3]!], seed)),
        tf.add(tf.abs(tensor([shape[3]!], 5)), 0.1),
      ],
      f: (
        a?: tf.Tensor,
        scale?: tf.Tensor,
        offset?: tf.Tensor,
        mean?: tf.Tensor,
        variance?: tf.Tensor,
      ) =>
        tf.batchNorm(
          a as tf.Tensor4D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
        ),
    },
  ].map((entry) => ({ ...entry, title: `${entry.title} of ${shape}` }));
});

/** The tests of the kernels through tfjs, for one way of getting at its tensors. */
export function testFusedKernels(access: "direct" | "copied"): void {
  beforeAll(async () => {
    registerTrainingKernels();
    await tf.setBackend("wasm");
    if (access === "copied") hideHeap(tf.backend());
    expect(tensorMemory(tf.backend() as unknown as WasmBackend).access).toBe(access);
  });
  afterAll(() => tf.setBackend("cpu"));

  describe("outputs and gradients", () => {
    test("are the cpu backend's, and nothing leaks", async () => {
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const actual = cases.map(numbersOf);
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      await tf.setBackend("cpu");
      const expected = cases.map(numbersOf);
      await tf.setBackend("wasm");
      const wrong = cases.flatMap(({ title }, i) =>
        actual[i]!.flatMap((result, k) => {
          const error = relativeError(result, expected[i]![k]!);
          // Sums of many numbers, which the cpu adds one by one in single precision; and gradients that cancel.
          return error < 3e-5 || absolute(result, expected[i]![k]!) < 1e-5
            ? []
            : [`${title}, ${k}: ${error}`];
        }),
      );
      expect(wrong).toEqual([]);
    });

    test("of nothing are the cpu backend's", async () => {
      const results = () =>
        [tf.sum, tf.mean].map((reduce) =>
          Array.from(tf.tidy(() => reduce(tf.zeros([0, 2, 3]), [0, 1]).dataSync())),
        );
      const actual = results();
      await tf.setBackend("cpu");
      expect(actual).toEqual(results());
      await tf.setBackend("wasm");
      expect(tf.tidy(() => tf.relu(tf.zeros([0, 3])).shape)).toEqual([0, 3]);
    });

    test("adding a bias is the sum to the bit", () => {
      tf.tidy(() => {
        const [a, b] = [tensor([5, 7, 19]), tensor([19], 2)];
        const [xs, bias] = [a.dataSync() as Float32Array, b.dataSync()];
        expect(tf.add(a, b).dataSync()).toEqual(xs.map((value, i) => value + bias[i % 19]!));
        expect(tf.add(tf.zeros([0, 19]), b).shape).toEqual([0, 19]);
      });
    });

    test("integers go the way that they went", () => {
      const [sum, relu, same] = tf.tidy(() => {
        const x = tf.tensor2d([-1, 2, 3, -4], [2, 2], "int32");
        return [tf.sum(x, 0), tf.relu(x), tf.clone(x)].map((t) => [t.dtype, ...t.dataSync()]);
      }) as unknown as unknown[][];
      expect(sum).toEqual(["int32", 2, -2]);
      expect(relu).toEqual(["int32", 0, 2, 3, 0]);
      expect(same).toEqual(["int32", -1, 2, 3, -4]);
    });

    test("gradients of gradients are there", async () => {
      const f = (x: tf.Tensor): tf.Tensor =>
        tf.sum(tf.square(batchNorm([0])(tf.relu(x), tf.ones([3]), tf.zeros([3]))));
      const results = () =>
        tf.tidy(() => {
          const inner = tf.grad((x) => tf.square(tf.relu(x)));
          const penalty = tf.grad((x) => tf.sum(tf.square(tf.grad(f)(x))));
          const x = tensor([4, 3]);
          return [tf.grad((a) => tf.sum(inner(a)))(x), penalty(x)].map((t) => t.dataSync());
        }) as unknown as Float32Array[];
      const actual = results();
      await tf.setBackend("cpu");
      const expected = results();
      await tf.setBackend("wasm");
      for (const [i, result] of actual.entries()) {
        expect(result).toBeAllclose(expected[i]!, { rtol: 1e-3, atol: 1e-3 });
      }
    });
  });

  test("the gradient of average pooling is that of what it computes, at the border too", () => {
    const [pooled, gradient] = tf.tidy(() => {
      const pool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 3, 1, "same");
      const x = tf.ones([1, 2, 2, 1]);
      return [pool(x).dataSync(), tf.grad(pool)(x).dataSync()];
    }) as unknown as Float32Array[];
    // Each of the four windows sees all four numbers.
    expect(Array.from(pooled!)).toEqual([1, 1, 1, 1]);
    expect(Array.from(gradient!)).toEqual([1, 1, 1, 1]);
  });

  describe("shared data", () => {
    test("live until the last tensor is disposed", () => {
      const numDataIds = tf.backend().numDataIds();
      const x = tensor([100]);
      const expected = Array.from(x.dataSync());
      const copies = [tf.clone(x), tf.cast(x, "float32"), x.variable()];
      x.dispose();
      copies[0]!.dispose();
      expect(Array.from(copies[1]!.dataSync())).toEqual(expected);
      tf.tidy(() => (copies[2] as tf.Variable).assign(tf.zeros([100])));
      expect(Array.from(copies[1]!.dataSync())).toEqual(expected);
      tf.dispose(copies);
      expect(tf.backend().numDataIds() - numDataIds).toBe(0);
    });

    test("survive a change of the backend", async () => {
      const x = tensor([5]);
      const clone = tf.clone(x);
      const expected = Array.from(x.dataSync());
      await tf.setBackend("cpu");
      tf.dispose(tf.add(clone, 0));
      x.dispose();
      expect(Array.from(clone.dataSync())).toEqual(expected);
      await tf.setBackend("wasm");
      expect(Array.from(clone.dataSync())).toEqual(expected);
      clone.dispose();
    });
  });

  describe("updates", () => {
    const rules: MomentumRule[] = [0, 0.9].flatMap((momentum) =>
      [0, 0.01].flatMap((weightDecay) =>
        [false, true].map((nesterov) => ({ learningRate: 0.1, momentum, weightDecay, nesterov })),
      ),
    );

    test("by momentum are to the bit those of the operations, and leave clones alone", () => {
      const before = tf.memory().numTensors;
      for (const rule of rules) {
        tf.tidy(() => {
          const weights = tensor([37, 5]);
          const clone = tf.clone(weights);
          const start = clone.dataSync();
          let [w, v] = [weights, undefined as tf.Tensor | undefined];
          let [ours, velocity] = [weights, undefined as tf.Tensor | undefined];
          for (let step = 0; step < 3; step++) {
            const gradient = tensor([37, 5], step + 2);
            const g =
              rule.weightDecay > 0 ? tf.add(gradient, tf.mul(w, rule.weightDecay)) : gradient;
            v = v && rule.momentum > 0 ? tf.add(tf.mul(v, rule.momentum), g) : g;
            const way = rule.nesterov ? tf.add(g, tf.mul(v, rule.momentum)) : v;
            w = tf.sub(w, tf.mul(way, rule.learningRate));
            const updated = updateByMomentum(ours, gradient, velocity, rule)!;
            ours = updated.weights;
            velocity = updated.velocity;
            expect(velocity === undefined).toBe(rule.momentum === 0);
          }
          expect(ours.dataSync()).toEqual(w.dataSync());
          expect(clone.dataSync()).toEqual(start);
        });
      }
      expect(tf.memory().numTensors).toBe(before);
    });

    test("by Adam are those of tfjs's optimizer", () => {
      tf.tidy(() => {
        const start = tensor([33]);
        const variable = start.variable();
        const optimizer = tf.train.adam(0.1, 0.9, 0.999, 1e-7);
        let ours: tf.Tensor = start;
        let moments: { mean: tf.Tensor; square: tf.Tensor } | undefined;
        for (let step = 1; step <= 4; step++) {
          const gradient = tensor([33], step + 1);
          optimizer.applyGradients([{ name: variable.name, tensor: gradient }]);
          const rule = {
            ...{ learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, step },
            ...{ weightDecay: 0, decoupled: false },
          };
          const updated = updateByAdam(ours, gradient, moments, rule)!;
          ours = updated.weights;
          moments = updated;
        }
        expect(ours.dataSync()).toBeAllclose(variable.dataSync(), { rtol: 1e-4, atol: 1e-5 });
        optimizer.dispose();
        variable.dispose();
      });
    });

    test("are left to others on another backend", async () => {
      await tf.setBackend("cpu");
      tf.tidy(() => {
        const [w, g] = [tensor([3]), tensor([3], 2)];
        expect(updateByMomentum(w, g, undefined, rules[0]!)).toBeUndefined();
        expect(allFinite([w, g])).toBeUndefined();
      });
      await tf.setBackend("wasm");
    });
  });

  test("allFinite finds what is not", () => {
    tf.tidy(() => {
      const good = [tensor([40_001]), tensor([3]), tf.zeros([0]), tf.scalar(3.4e38)];
      expect(allFinite(good)).toBe(true);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        expect(allFinite([...good, tf.tensor1d([1, 2, 3, 4, bad])])).toBe(false);
      }
    });
  });
}

function absolute(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(actual).reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)),
    0,
  );
}

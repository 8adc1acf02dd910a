import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Random } from "../../src/internal/random.js";
import { freezeLayers } from "../../src/tfjs/index.js";
import { registerTrainingKernels } from "../../src/tfjs/trainingKernels.js";

tf.env().set("PROD", true);

beforeAll(async () => {
  registerTrainingKernels();
  await tf.setBackend("wasm");
});
afterAll(() => tf.setBackend("cpu"));

const values = (count: number, seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

const { batchNormalization, dense } = tf.layers;

/** Names of the kernels that `compute` runs. */
async function kernelsOf(compute: () => void): Promise<string[]> {
  const profile = await tf.profile(() => {
    tf.tidy(compute);
    return [] as never;
  });
  return profile.kernelNames;
}

describe("batch normalisation of tf.layers", () => {
  test("is one kernel in training mode, whatever runs the model", async () => {
    const model = tf.sequential({
      layers: [dense({ units: 3, inputShape: [2] }), batchNormalization(), dense({ units: 1 })],
    });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [x, y] = [tf.tensor2d(values(16, 1), [8, 2]), tf.tensor2d(values(8, 2), [8, 1])];
    const run = vi.spyOn(tf.engine(), "runKernel");
    const used = () => run.mock.calls.map(([name]) => name);
    await model.trainOnBatch(x, y);
    expect(used()).toContain("CloserlookBatchNormTraining");
    expect(used()).toContain("CloserlookBatchNormTrainingGradient");
    expect(used()).not.toContain("Tile");
    run.mockClear();
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    expect(used()).toContain("CloserlookBatchNormTraining");
    run.mockClear();
    tf.dispose(model.predict(x));
    expect(used()).not.toContain("CloserlookBatchNormTraining");
    run.mockClear();
    const { restore } = freezeLayers(model, /batch/);
    await model.trainOnBatch(x, y);
    expect(used()).not.toContain("CloserlookBatchNormTraining");
    restore();
    run.mockRestore();
    tf.dispose([x, y]);
    model.dispose();
  });

  test.each([
    { shape: [5], options: {} },
    { shape: [4, 3], options: { momentum: 0.5 } },
    { shape: [4, 3, 2], options: { epsilon: 0.1 } },
    { shape: [4, 3, 2], options: { axis: 3 } },
  ])("$shape, $options: outputs, statistics and gradients are the cpu backend's", async (c) => {
    const compute = () => {
      const layer = batchNormalization({ ...c.options, inputShape: c.shape });
      const model = tf.sequential({ layers: [layer] });
      const before = tf.memory().numTensors;
      const results = tf.tidy(() => {
        const x = tf.tensor(values(6 * tf.util.sizeFromShape(c.shape), 1), [6, ...c.shape]);
        const weights = tf.tensor(values(x.size, 2), x.shape);
        const loss = (input: tf.Tensor) =>
          tf.sum(tf.mul(layer.apply(input, { training: true }) as tf.Tensor, weights)) as tf.Scalar;
        const dx = tf.grad(loss)(x);
        const { value, grads } = tf.variableGrads(() => loss(x));
        return [dx, value, ...Object.values(grads), ...layer.getWeights()].map((t) => t.dataSync());
      }) as unknown as Float32Array[];
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
      return results;
    };
    const actual = compute();
    await tf.setBackend("cpu");
    const expected = compute();
    await tf.setBackend("wasm");
    expect(actual.length).toBe(8);
    for (const [i, result] of actual.entries()) {
      expect(result).toBeAllclose(expected[i]!, { rtol: 1e-4, atol: 1e-4 });
    }
  });

  test("of a model that is written by hand needs no tiles", async () => {
    const x = tf.tensor2d(values(60, 1), [20, 3]);
    const names = await kernelsOf(() => {
      tf.grad((a) => {
        const { mean, variance } = tf.moments(a, 0);
        const y = tf.batchNorm2d(
          a as tf.Tensor2D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          tf.zeros([3]) as tf.Tensor1D,
          tf.ones([3]) as tf.Tensor1D,
        );
        return tf.sum(tf.square(y));
      })(x);
    });
    x.dispose();
    expect(names).not.toContain("Tile");
    expect(names).not.toContain("Transpose");
  });

  test("over another axis than the last goes the way that it went", async () => {
    // tfjs has no gradient of it on any backend.
    const compute = () =>
      tf.tidy(() => {
        const layer = batchNormalization({ axis: 1, inputShape: [4, 3, 2] });
        const x = tf.tensor(values(48, 1), [2, 4, 3, 2]);
        const y = layer.apply(x, { training: true }) as tf.Tensor;
        const numbers = Array.from(y.dataSync());
        layer.dispose();
        return numbers as never;
      }) as unknown as number[];
    const actual = compute();
    await tf.setBackend("cpu");
    expect(actual).toBeAllclose(compute(), { atol: 1e-5 });
    await tf.setBackend("wasm");
  });

  test("without gradients and with one example it is what the cpu backend gives", async () => {
    const compute = () =>
      tf.tidy(() => {
        const layer = batchNormalization({ inputShape: [3] });
        const y = layer.apply(tf.tensor2d([1, 2, 3], [1, 3]), { training: true }) as tf.Tensor;
        const numbers = Array.from(y.dataSync());
        layer.dispose();
        return numbers as never;
      }) as unknown as number[];
    const actual = compute();
    await tf.setBackend("cpu");
    expect(actual).toBeAllclose(compute(), { atol: 1e-6 });
    await tf.setBackend("wasm");
  });
});

type Matrix = { readonly rows: number; readonly columns: number; readonly data: Float64Array };

/** a · b, of a transposed or b transposed. */
function product(a: Matrix, b: Matrix, flip?: "a" | "b"): Matrix {
  const [rows, inner] = flip === "a" ? [a.columns, a.rows] : [a.rows, a.columns];
  const columns = flip === "b" ? b.rows : b.columns;
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const left = flip === "a" ? a.data[k * rows + i]! : a.data[i * inner + k]!;
      for (let j = 0; j < columns; j++) {
        const right = flip === "b" ? b.data[j * inner + k]! : b.data[k * columns + j]!;
        data[i * columns + j]! += left * right;
      }
    }
  }
  return { rows, columns, data };
}

const epsilon = 1e-3;

/** Normalises the columns, and tells how to go back: from the gradient of the result to that of x. */
function normalized(x: Matrix) {
  const { rows: n, columns } = x;
  const data = new Float64Array(x.data.length);
  const inverse = Array.from({ length: columns }, (_, c) => {
    const column = Array.from({ length: n }, (_, i) => x.data[i * columns + c]!);
    const mean = column.reduce((a, b) => a + b, 0) / n;
    const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    const factor = 1 / Math.sqrt(variance + epsilon);
    column.forEach((value, i) => {
      data[i * columns + c] = (value - mean) * factor;
    });
    return factor;
  });
  /** Σ over the rows of g and of g · normal, for each column. */
  const sums = (g: Matrix) => {
    const plain = new Float64Array(columns);
    const weighted = new Float64Array(columns);
    g.data.forEach((value, i) => {
      plain[i % columns]! += value;
      weighted[i % columns]! += value * data[i]!;
    });
    return { plain, weighted };
  };
  const back = (g: Matrix): Matrix => {
    const { plain, weighted } = sums(g);
    const own = g.data.map((value, i) => {
      const c = i % columns;
      return inverse[c]! * (value - plain[c]! / n - (data[i]! * weighted[c]!) / n);
    });
    return { ...g, data: own };
  };
  return { normal: { ...x, data }, sums, back };
}

/**
 * Gradient descent, in double precision, on dense layers with batch norm and ReLU after each but the last, and the softmax
 * cross-entropy: the loss before each step.
 */
function reference(
  x: Matrix,
  labels: readonly number[],
  start: readonly Matrix[],
  { rate, steps }: { rate: number; steps: number },
): number[] {
  const layers = start.map((kernel) => ({
    kernel: { ...kernel, data: kernel.data.slice() },
    gamma: new Float64Array(kernel.columns).fill(1),
    beta: new Float64Array(kernel.columns),
  }));
  const head = layers.pop()!;
  const n = labels.length;
  const descend = (values: Float64Array, gradient: Float64Array) =>
    gradient.forEach((g, i) => {
      values[i]! -= rate * g;
    });
  return Array.from({ length: steps }, () => {
    let active = x;
    const passes = layers.map(({ kernel, gamma, beta }) => {
      const input = active;
      const norm = normalized(product(input, kernel));
      const { columns } = norm.normal;
      const data = norm.normal.data.map((value, i) =>
        Math.max(0, value * gamma[i % columns]! + beta[i % columns]!),
      );
      active = { ...norm.normal, data };
      return { input, norm, output: active };
    });
    const logits = product(active, head.kernel);
    const { columns: classes } = logits;
    let loss = 0;
    const dLogits = { ...logits, data: new Float64Array(logits.data.length) };
    for (let i = 0; i < n; i++) {
      const row = Array.from(logits.data.subarray(i * classes, (i + 1) * classes));
      const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
      loss += (Math.log(total) - row[labels[i]!]!) / n;
      row.forEach((value, j) => {
        dLogits.data[i * classes + j] = (Math.exp(value) / total - Number(j === labels[i])) / n;
      });
    }
    let gradient = product(dLogits, head.kernel, "b");
    descend(head.kernel.data, product(active, dLogits, "a").data);
    for (let l = layers.length - 1; l >= 0; l--) {
      const { kernel, gamma, beta } = layers[l]!;
      const { input, norm, output } = passes[l]!;
      const passed = gradient.data.map((g, i) => (output.data[i]! > 0 ? g : 0));
      const dNormed = { ...gradient, data: passed };
      const { plain, weighted } = norm.sums(dNormed);
      const { columns } = gradient;
      const scaled = { ...dNormed, data: passed.map((g, i) => g * gamma[i % columns]!) };
      const dz = norm.back(scaled);
      gradient = product(dz, kernel, "b");
      descend(kernel.data, product(input, dz, "a").data);
      descend(gamma, weighted);
      descend(beta, plain);
    }
    return loss;
  });
}

describe("training with batch normalisation", () => {
  const random = (rows: number, columns: number, seed: number): Matrix => ({
    rows,
    columns,
    data: Float64Array.from(values(rows * columns, seed)),
  });

  /** The losses of tf.layers on the current backend, in single precision. */
  async function losses(
    x: Matrix,
    labels: readonly number[],
    kernels: readonly Matrix[],
    { rate, steps }: { rate: number; steps: number },
  ): Promise<number[]> {
    const model = tf.sequential();
    kernels.forEach(({ rows, columns }, l) => {
      model.add(dense({ units: columns, inputShape: [rows], useBias: false, name: `dense${l}` }));
      if (l === kernels.length - 1) return;
      model.add(batchNormalization({ epsilon }));
      model.add(tf.layers.reLU());
    });
    model.add(tf.layers.softmax());
    const asTensor = ({ rows, columns, data }: Matrix) =>
      tf.tensor2d(Float32Array.from(data), [rows, columns]);
    tf.tidy(() => {
      kernels.forEach((kernel, l) => {
        model.getLayer(`dense${l}`).setWeights([asTensor(kernel)]);
      });
    });
    model.compile({ optimizer: tf.train.sgd(rate), loss: "categoricalCrossentropy" });
    const xs = asTensor(x);
    const classes = kernels.at(-1)!.columns;
    const ys = tf.tidy(() => tf.oneHot(tf.tensor1d([...labels], "int32"), classes));
    const results: number[] = [];
    for (let step = 0; step < steps; step++) {
      results.push((await model.trainOnBatch(xs, ys)) as number);
    }
    model.dispose();
    tf.dispose([xs, ys]);
    return results;
  }

  const furthest = (actual: readonly number[], expected: readonly number[]): number =>
    Math.max(...actual.map((loss, i) => Math.abs(loss / expected[i]! - 1)));

  test("has the losses of a calculation in double precision, inputs far from zero", async () => {
    const x = random(64, 20, 1);
    x.data.forEach((value, i) => {
      x.data[i] = Math.fround(value + 20);
    });
    const labels = Array.from({ length: 64 }, (_, i) => (i * 7) % 5);
    const kernels = [random(20, 32, 2), random(32, 5, 3)];
    const rule = { rate: 0.5, steps: 4 };
    const expected = reference(x, labels, kernels, rule);
    expect(furthest(await losses(x, labels, kernels, rule), expected)).toBeLessThan(3e-6);
  });

  test("of many layers is as far from double precision as rounding the start moves it, and no further", async () => {
    // Batch norm of 16 examples, thirteen times: a small change of the weights is amplified by each.
    const x = random(16, 24, 1);
    const labels = Array.from({ length: 16 }, (_, i) => (i * 7) % 5);
    const kernels = Array.from({ length: 13 }, (_, l) => random(24, 24, 2 + l));
    kernels.push(random(24, 5, 20));
    const rule = { rate: 0.05, steps: 2 };
    const expected = reference(x, labels, kernels, rule);
    const fused = furthest(await losses(x, labels, kernels, rule), expected);
    await tf.setBackend("cpu");
    const composed = furthest(await losses(x, labels, kernels, rule), expected);
    await tf.setBackend("wasm");
    // What changes of the weights by half a unit in the last place do to the exact losses.
    const moved = Array.from({ length: 8 }, (_, seed) => {
      const noise = new Random(seed, "rounding");
      const rounded = kernels.map((kernel) => ({
        ...kernel,
        data: kernel.data.map((w) => w * (1 + 2 ** -24 * (2 * noise.uniform() - 1))),
      }));
      return furthest(reference(x, labels, rounded, rule), expected);
    });
    expect(Math.max(...moved)).toBeGreaterThan(1e-6);
    expect(fused).toBeLessThan(10 * Math.max(...moved));
    expect(composed).toBeLessThan(10 * Math.max(...moved));
  });
});

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Random } from "../../src/internal/random.js";
import { registerTrainingKernels } from "../../src/tfjs/trainingKernels.js";
import {
  type Convolution,
  directConvolution,
  outputShape,
  relativeError,
} from "./directConvolution.js";

// No advertisement from the cpu backend.
tf.env().set("PROD", true);

// Before the backend starts, so that these tests see whether corrected kernels are still set up.
beforeAll(() => registerTrainingKernels());

afterEach(() => {
  vi.restoreAllMocks();
});

const values = (shape: readonly number[], seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    () => 2 * random.uniform() - 1,
  );
};

const tensor = <T extends tf.Tensor = tf.Tensor>(shape: number[], seed = 1): T =>
  tf.tensor(values(shape, seed), shape) as T;

/** Runs with memory that is not zero by luck, so that output which is never written shows. */
function withDirtyMemory<T extends tf.TensorContainer>(compute: () => T): T {
  return tf.tidy(() => {
    tf.tidy(() => tf.fill([5000], Number.NaN));
    return compute();
  });
}

/** The numbers that `compute` returns on each backend. */
async function onBoth(compute: () => tf.Tensor[]) {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const results = withDirtyMemory(compute);
    const numbers = results.map((result) => result.dataSync());
    tf.dispose(results);
    return numbers;
  };
  const expected = await run("cpu");
  return { expected, actual: await run("wasm") };
}

/** Same numbers as the cpu backend, to single precision. */
async function expectSameAsCpu(compute: () => tf.Tensor[]): Promise<void> {
  const { expected, actual } = await onBoth(compute);
  expect(actual).toHaveLength(expected.length);
  for (const [i, result] of actual.entries()) {
    expect(relativeError(result, expected[i]!)).toBeLessThan(1e-5);
  }
}

/** Output and gradients of `f` for a random gradient of its output. */
function outputAndGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]) {
  const output = f(...inputs);
  return [output, ...tf.grads(f)(inputs, tensor(output.shape, 99))];
}

const squares = Array.from({ length: 11 }, (_, i): [number, number] => [i + 1, i + 1]);
const kernels: readonly [number, number][] = [...squares, [3, 5], [4, 1], [1, 2], [11, 2]];
const allStrides: readonly [number, number][] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [1, 2],
  [3, 2],
  [4, 1],
];
const paddings = [
  "same",
  "valid",
  0,
  1,
  6,
  [
    [0, 0],
    [1, 2],
    [0, 1],
    [0, 0],
  ],
  [
    [0, 0],
    [5, 0],
    [0, 9],
    [0, 0],
  ],
] as const satisfies readonly Convolution["pad"][];

/** Odd and even sizes; one example of one channel, and several. */
const convolutions = (strides: [number, number]): Convolution[] =>
  kernels.flatMap((kernel) =>
    paddings.flatMap((pad) =>
      (typeof pad === "string" ? [undefined] : ([undefined, "floor", "ceil", "round"] as const))
        .flatMap((rounding): Convolution[] => [
          { examples: 1, size: [7, 8], channels: [1, 1], kernel, strides, pad, rounding },
          { examples: 2, size: [12, 11], channels: [3, 2], kernel, strides, pad, rounding },
        ])
        .filter((convolution) => {
          const [, height, width] = outputShape(convolution);
          return height > 0 && width > 0;
        }),
    ),
  );

const title = ({ size, kernel, strides, pad, rounding }: Convolution) =>
  `${size.join("×")}, kernel ${kernel.join("×")}, strides ${strides.join("×")}, pad ${JSON.stringify(pad)}, ${rounding}`;

/** The attributes that tfjs hands to its convolution kernels. */
const attributes = ({ strides, pad, rounding }: Convolution) => ({
  strides,
  pad,
  dataFormat: "NHWC",
  dilations: [1, 1],
  dimRoundingMode: rounding,
});

const kernel = (name: string, inputs: Record<string, tf.Tensor>, attributes: object) =>
  tf.engine().runKernel(name, inputs, { ...attributes }) as tf.Tensor;

describe("registerTrainingKernels: convolution", () => {
  test("the filter gradient of ones counts how often each filter weight is used", async () => {
    await tf.setBackend("wasm");
    const response = (filter: tf.Tensor) =>
      tf.sum(tf.conv2d(tf.ones<tf.Rank.R4>([1, 4, 4, 1]), filter as tf.Tensor4D, 1, "same"));
    const gradient = tf.tidy(() =>
      tf
        .grad(response)(tf.zeros([3, 3, 1, 1]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual([9, 12, 9, 12, 16, 12, 9, 12, 9]);
  });

  test("the input gradient of ones counts how many windows see each pixel", async () => {
    await tf.setBackend("wasm");
    const response = (image: tf.Tensor) =>
      tf.sum(tf.conv2d(image as tf.Tensor4D, tf.ones<tf.Rank.R4>([2, 2, 1, 1]), 2, "same"));
    const gradient = tf.tidy(() =>
      tf
        .grad(response)(tf.zeros([1, 3, 3, 1]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test.each(allStrides)("strides %i×%i: output and gradients are the direct sums", async (...s) => {
    await tf.setBackend("wasm");
    const before = [tf.memory().numTensors, tf.backend().numDataIds()];
    const wrong: string[] = [];
    let compared = 0;
    for (const convolution of convolutions(s)) {
      const { examples, size, channels } = convolution;
      const x = values([examples, ...size, channels[0]], 1);
      const filter = values([...convolution.kernel, ...channels], 2);
      const dy = values(outputShape(convolution), 3);
      const expected = directConvolution(convolution, x, filter, dy);
      if (expected.windowsBeyondInput) continue;
      const inputShape = [examples, ...size, channels[0]];
      const filterShape = [...convolution.kernel, ...channels];
      const errors = withDirtyMemory(() => {
        const inputs = {
          x: tf.tensor(x, inputShape),
          filter: tf.tensor(filter, filterShape),
          dy: tf.tensor(dy, outputShape(convolution)),
        };
        const shared = attributes(convolution);
        const results = {
          y: kernel("Conv2D", inputs, shared),
          dx: kernel("Conv2DBackpropInput", inputs, { ...shared, inputShape }),
          dFilter: kernel("Conv2DBackpropFilter", inputs, { ...shared, filterShape }),
        };
        expect(results.dx.shape).toEqual(inputShape);
        expect(results.dFilter.shape).toEqual(filterShape);
        return [
          relativeError(results.y.dataSync(), expected.y),
          relativeError(results.dx.dataSync(), expected.dx),
          relativeError(results.dFilter.dataSync(), expected.dFilter),
        ] as unknown as tf.TensorContainer;
      }) as unknown as number[];
      compared += 1;
      if (!errors.every((error) => error < 1e-5)) wrong.push(`${title(convolution)}: ${errors}`);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(300);
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
  });

  test("gradients through tf.grads are the cpu backend's", async () => {
    const grid = allStrides
      .flatMap(convolutions)
      .filter(({ pad, examples }) => typeof pad === "string" && examples === 2);
    expect(grid.length).toBeGreaterThan(150);
    await expectSameAsCpu(() =>
      grid.flatMap(({ examples, size, channels, kernel, strides, pad }) =>
        outputAndGradients(
          (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad),
          [tensor([examples, ...size, channels[0]], 1), tensor([...kernel, ...channels], 2)],
        ),
      ),
    );
  });

  test.each([
    { strides: 1, pad: "same", kernel: [4, 4] },
    { strides: [3, 2], pad: "valid", kernel: [2, 3] },
    { strides: 4, pad: "same", kernel: [2, 2] },
    // tfjs does not pass the rounding on to its gradients; the cpu backend's are wrong here.
    { strides: 3, pad: 1, kernel: [4, 4], rounding: "ceil" },
  ] as const)(
    "gradients are the finite differences of the output: $strides $pad $kernel",
    async (c) => {
      await tf.setBackend("wasm");
      const shapes = [
        [2, 5, 6, 2],
        [...c.kernel, 2, 3],
      ];
      const rounding = "rounding" in c ? c.rounding : undefined;
      tf.tidy(() => {
        const output = (x: tf.Tensor, filter: tf.Tensor) =>
          tf.conv2d(
            x as tf.Tensor4D,
            filter as tf.Tensor4D,
            c.strides as number | [number, number],
            c.pad,
            "NHWC",
            [1, 1],
            rounding,
          );
        const inputs = shapes.map((shape, i) => tensor(shape, i));
        const weights = tensor(output(inputs[0]!, inputs[1]!).shape, 7);
        const loss = (x: tf.Tensor, filter: tf.Tensor): tf.Scalar =>
          tf.sum(tf.mul(output(x, filter), weights));
        const gradients = tf.grads(loss as (...x: tf.Tensor[]) => tf.Tensor)(inputs);
        for (const [which, gradient] of gradients.entries()) {
          const differences = Array.from({ length: gradient.size }, (_, i) =>
            tf.tidy(() => {
              const at = (sign: number) => {
                const moved = inputs[which]!.dataSync().slice();
                moved[i] = moved[i]! + sign;
                const changed = tf.tensor(moved, shapes[which]!);
                const [x, filter] = which === 0 ? [changed, inputs[1]!] : [inputs[0]!, changed];
                return loss(x!, filter!).dataSync()[0]!;
              };
              // The output is linear in each argument, so a step of 1 is exact.
              return (at(1) - at(-1)) / 2;
            }),
          );
          expect(relativeError(gradient.dataSync(), differences)).toBeLessThan(1e-5);
        }
      });
    },
  );

  test("fused and depthwise convolutions with windows shorter than the stride are the cpu backend's", async () => {
    await expectSameAsCpu(() =>
      allStrides.flatMap((strides) =>
        ([1, 2, 3, 4] as const).flatMap((side) =>
          (["same", "valid"] as const).flatMap((pad) => {
            const x = tensor<tf.Tensor4D>([2, 12, 11, 3], 1);
            const bias = tensor([4], 3);
            const results: tf.Tensor[] = [
              tf.fused.conv2d({
                x,
                filter: tensor<tf.Tensor4D>([side, side, 3, 4], 2),
                strides,
                pad,
                bias,
                activation: "relu",
              }),
            ];
            if (strides[0] === strides[1]) {
              const filter = tensor<tf.Tensor4D>([side, side, 3, 2], 2);
              results.push(
                tf.depthwiseConv2d(x, filter, strides, pad),
                tf.fused.depthwiseConv2d({ x, filter, strides, pad, activation: "relu" }),
              );
            }
            return results;
          }),
        ),
      ),
    );
  });

  test("depthwise gradients are the cpu backend's", async () => {
    await expectSameAsCpu(() =>
      ([1, 2, 3] as const).flatMap((strides) =>
        (["same", "valid"] as const).flatMap((pad) =>
          ([1, 2] as const).flatMap((multiplier) =>
            outputAndGradients(
              (x, filter) =>
                tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad),
              [tensor([2, 9, 8, 3], 1), tensor([3, 2, 3, multiplier], 2)],
            ),
          ),
        ),
      ),
    );
  });

  test("depthwise gradients of many images and channels", async () => {
    await expectSameAsCpu(() => [
      ...outputAndGradients(
        (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"),
        [tensor([37, 6, 7, 13], 1), tensor([3, 3, 13, 1], 2)],
      ),
      ...outputAndGradients(
        (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, "valid"),
        [tensor([17, 9, 7, 5], 1), tensor([2, 3, 5, 3], 2)],
      ),
    ]);
  });

  test("no examples give an output gradient of no size and filter gradients of zero", async () => {
    await tf.setBackend("wasm");
    const [dx, dFilter] = tf.tidy(() =>
      tf.grads((x: tf.Tensor, filter: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"),
      )([tf.zeros([0, 4, 4, 1]), tf.ones([3, 3, 1, 1])], tf.zeros([0, 4, 4, 1])),
    );
    expect(dx!.shape).toEqual([0, 4, 4, 1]);
    expect(Array.from(dFilter!.dataSync())).toEqual(Array(9).fill(0));
    tf.dispose([dx!, dFilter!]);
  });
});

describe("registerTrainingKernels: other kernels", () => {
  test("a max-pooling window without positive inputs passes its gradient on", async () => {
    await tf.setBackend("wasm");
    const image = tf.tensor4d([-4, -3, -1, -2, -8, -5, -7, -6], [1, 2, 4, 1]);
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(
          image,
          tf.tensor4d([10, 20], [1, 1, 2, 1]),
        )
        .dataSync(),
    );
    image.dispose();
    expect(Array.from(gradient)).toEqual([0, 10, 20, 0, 0, 0, 0, 0]);
  });

  test("the first of equal inputs gets the gradient of max pooling", async () => {
    await tf.setBackend("wasm");
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(tf.ones([1, 2, 2, 1]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual([1, 0, 0, 0]);
  });

  test("max and average pooling are the cpu backend's for all windows and strides", async () => {
    await expectSameAsCpu(() =>
      ([1, 2, 3, 5, [2, 3]] as (number | [number, number])[]).flatMap((window) =>
        ([1, 2, 3, [3, 2]] as (number | [number, number])[]).flatMap((strides) =>
          (["same", "valid"] as const).flatMap((pad) =>
            [tf.maxPool, tf.avgPool].flatMap((pool) =>
              outputAndGradients(
                (x) => pool(x as tf.Tensor4D, window, strides, pad),
                [tensor([2, 7, 8, 3])],
              ),
            ),
          ),
        ),
      ),
    );
  });

  test("products with transposed operands are the cpu backend's", async () => {
    const shapes = [
      { a: [], size: [3, 4, 5], b: [] },
      { a: [], size: [1, 1, 5], b: [] },
      { a: [2], size: [3, 4, 5], b: [2] },
      { a: [2, 3], size: [3, 4, 2], b: [2, 3] },
      // tfjs has the product of these, but not its gradient.
      { a: [2], size: [3, 4, 5], b: [1], noGradient: true },
      { a: [1], size: [3, 4, 5], b: [3], noGradient: true },
      { a: [1, 3], size: [3, 4, 5], b: [2, 3], noGradient: true },
      { a: [3], size: [3, 4, 5], b: [2, 3], noGradient: true },
    ] as const;
    await expectSameAsCpu(() =>
      shapes.flatMap(({ a, size: [rows, inner, columns], b, ...options }) =>
        [false, true].flatMap((transposeA) =>
          [false, true].flatMap((transposeB) => {
            const product = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
            const x = tensor([...a, ...(transposeA ? [inner, rows] : [rows, inner])], 1);
            const y = tensor([...b, ...(transposeB ? [columns, inner] : [inner, columns])], 2);
            return "noGradient" in options
              ? [product(x, y)]
              : outputAndGradients(product as (...inputs: tf.Tensor[]) => tf.Tensor, [x, y]);
          }),
        ),
      ),
    );
  });

  test("batches broadcast as in numpy, where the cpu backend takes the wrong matrices", async () => {
    await tf.setBackend("wasm");
    const [ours, expected] = tf.tidy(() => {
      const [x, y] = [tensor([2, 1, 3, 4], 1), tensor([2, 3, 4, 5], 2)];
      return [tf.matMul(x, y), tf.matMul(tf.tile(x, [1, 3, 1, 1]), y)].map((z) => z.dataSync());
    });
    expect(ours).toEqual(expected);
  });

  test("segments are summed, and rows of no segment dropped", async () => {
    await tf.setBackend("wasm");
    const sums = tf.tidy(() =>
      tf
        .unsortedSegmentSum(
          tf.tensor2d([1, 2, 10, 20, 100, 200, 1000, 2000], [4, 2]),
          tf.tensor1d([2, 0, 2, -1], "int32"),
          3,
        )
        .arraySync(),
    );
    expect(sums).toEqual([
      [10, 20],
      [0, 0],
      [101, 202],
    ]);
  });

  test("what tf.layers trains with is the cpu backend's", async () => {
    const image = () => tensor([2, 6, 6, 3]);
    const table = () => tensor([4, 5]);
    const labels = () => tf.oneHot(tf.tensor1d([0, 4, 2, 2], "int32"), 5);
    const indices = () => tf.tensor1d([0, 2, 2, 3], "int32");
    const cases: [(...x: tf.Tensor[]) => tf.Tensor, () => tf.Tensor[]][] = [
      [
        (x, filter, bias) =>
          tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"), bias!)),
        () => [image(), tensor([3, 3, 3, 4], 2), tensor([4], 3)],
      ],
      [(x, w, b) => tf.add(tf.matMul(x!, w!), b!), () => [table(), tensor([5, 3]), tensor([3])]],
      [(x) => tf.mean(x!, [1, 2]), () => [image()]],
      [
        (x, scale, offset) => {
          const { mean, variance } = tf.moments(x!, [0, 1, 2]);
          return tf.batchNorm(
            x!,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            offset as tf.Tensor1D,
            scale as tf.Tensor1D,
            1e-3,
          );
        },
        () => [image(), tensor([3], 2), tensor([3], 3)],
      ],
      [(x) => tf.dropout(x!, 0.5, undefined, 7), () => [table()]],
      [(x) => tf.losses.softmaxCrossEntropy(labels(), x!), () => [table()]],
      [(x) => tf.logSoftmax(x!), () => [table()]],
      [(x) => tf.add(x!, tf.relu(x!)), () => [image()]],
      [
        (x) =>
          tf.pad(tf.slice(x!, [0, 1, 1, 0], [2, 3, 3, 3]), [
            [0, 0],
            [0, 0],
            [0, 0],
            [1, 2],
          ]),
        () => [image()],
      ],
      [(x) => tf.sum(tf.square(x!)), () => [table()]],
      [(x) => tf.gather(x!, indices()), () => [table()]],
      [(x) => tf.gather(x!, indices(), 1), () => [table()]],
      [
        (x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 2, "same"),
        () => [tensor([2, 9, 3]), tensor([3, 3, 4])],
      ],
      [
        (x, filter) =>
          tf.conv2dTranspose(x as tf.Tensor4D, filter as tf.Tensor4D, [2, 12, 12, 4], 2, "same"),
        () => [image(), tensor([3, 3, 4, 3])],
      ],
      [
        (x, depthwise, pointwise) =>
          tf.separableConv2d(
            x as tf.Tensor4D,
            depthwise as tf.Tensor4D,
            pointwise as tf.Tensor4D,
            1,
            "same",
          ),
        () => [image(), tensor([3, 3, 3, 1]), tensor([1, 1, 3, 4])],
      ],
    ];
    await expectSameAsCpu(() => cases.flatMap(([f, inputs]) => outputAndGradients(f, inputs())));
  });
});

describe("registerTrainingKernels: tf.layers", () => {
  /** A small VGG: two blocks, batch norm, one classifier. */
  function smallVgg() {
    const block = (filters: number, first: object = {}) => [
      tf.layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false, ...first }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation: "relu" }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
    ];
    return tf.sequential({
      layers: [
        ...block(4, { inputShape: [8, 8, 3] }),
        ...block(6),
        tf.layers.flatten(),
        tf.layers.dense({
          units: 5,
          activation: "softmax",
          kernelRegularizer: tf.regularizers.l2({ l2: 1e-3 }),
        }),
      ],
    });
  }

  test("a VGG with batch norm has the losses of the cpu backend, and leaks nothing", async () => {
    const train = async (backend: string) => {
      await tf.setBackend(backend);
      const model = smallVgg();
      const initial = model.weights.map(({ shape, originalName }, i) =>
        /gamma|variance/.test(originalName)
          ? tf.ones(shape as number[])
          : tf.mul(tensor(shape as number[], i), 0.3),
      );
      model.setWeights(initial);
      const optimizer = tf.train.momentum(0.05, 0.9);
      model.compile({ optimizer, loss: "categoricalCrossentropy" });
      const x = tensor([8, 8, 8, 3]);
      const y = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 0, 1, 2], "int32"), 5);
      const losses: number[] = [];
      const counts: string[] = [];
      for (let step = 0; step < 5; step++) {
        losses.push((await model.trainOnBatch(x, y)) as number);
        counts.push(`${tf.memory().numTensors} ${tf.backend().numDataIds()}`);
      }
      tf.dispose([...initial, x, y]);
      model.dispose();
      optimizer.dispose();
      return { losses, counts };
    };
    const expected = await train("cpu");
    const { losses, counts } = await train("wasm");
    expect(losses).toBeAllclose(expected.losses, { rtol: 1e-4 });
    expect(losses[4]).toBeLessThan(losses[0]!);
    // The first step makes the optimizer's state.
    expect(new Set(counts.slice(1)).size).toBe(1);
  });
});

describe("registerTrainingKernels: registration", () => {
  test("calling it again warns about nothing and piles nothing up", async () => {
    await tf.setBackend("wasm");
    const warn = vi.spyOn(console, "warn");
    tf.env().set("PROD", false);
    const count = tf.getKernelsForBackend("wasm").length;
    try {
      // A correction of a correction of … would exceed the call stack.
      for (let i = 0; i < 20_000; i++) registerTrainingKernels();
    } finally {
      tf.env().set("PROD", true);
    }
    expect(warn).not.toHaveBeenCalled();
    expect(tf.getKernelsForBackend("wasm").length).toBe(count);
    expect(tf.tidy(() => tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync()[0])).toBe(2);
  });

  test("without the wasm backend's package it says what to import", () => {
    const shipped = tf.getKernel("Conv2D", "wasm");
    tf.unregisterKernel("Conv2D", "wasm");
    try {
      expect(registerTrainingKernels).toThrow(
        'registerTrainingKernels: the wasm backend must be imported first, got no wasm kernels. Add import "@tensorflow/tfjs-backend-wasm"',
      );
    } finally {
      tf.registerKernel(shipped);
    }
  });

  test("channels first is an error that says what to do", async () => {
    await tf.setBackend("wasm");
    const shape = [1, 1, 4, 4];
    tf.tidy(() => {
      const inputs = { x: tf.ones(shape), dy: tf.ones(shape), filter: tf.ones([3, 3, 1, 1]) };
      const common = { strides: 1, pad: "same", dataFormat: "NCHW", dilations: 1 };
      const cases = {
        Conv2D: {},
        Conv2DBackpropInput: { inputShape: shape },
        Conv2DBackpropFilter: { filterShape: [3, 3, 1, 1] },
      };
      for (const [name, extra] of Object.entries(cases)) {
        expect(() => kernel(name, inputs, { ...common, ...extra })).toThrow(
          `${name}: dataFormat must be "NHWC" on the wasm backend, got "NCHW". Transpose the input`,
        );
      }
    });
  });

  test("the gradient of a dilated convolution is tfjs's own error", async () => {
    await tf.setBackend("wasm");
    tf.tidy(() => {
      const gradient = tf.grad((x) =>
        tf.conv2d(x as tf.Tensor4D, tf.ones<tf.Rank.R4>([2, 2, 1, 1]), 1, "valid", "NHWC", 2),
      );
      expect(() => gradient(tf.ones([1, 5, 5, 1]))).toThrow("dilation rates greater than 1");
    });
  });

  test("padding past all windows is an error where the shipped kernel computes, and frees what it made", async () => {
    await tf.setBackend("wasm");
    const before = tf.backend().numDataIds();
    tf.tidy(() => {
      const inputs = { x: tf.ones([1, 5, 6, 1]), filter: tf.ones([1, 1, 1, 1]) };
      const extra = { strides: [4, 1], pad: 3, dataFormat: "NHWC", dilations: [1, 1] };
      expect(() => kernel("DepthwiseConv2dNative", inputs, extra)).toThrow(
        "DepthwiseConv2dNative: pad must be less than 3, the length that all windows cover, got 3",
      );
      const windowsOnZeros = kernel("Conv2D", inputs, extra) as tf.Tensor;
      expect(Array.from(windowsOnZeros.dataSync().slice(0, 3))).toEqual([0, 0, 0]);
    });
    expect(tf.backend().numDataIds()).toBe(before);
  });
});

import * as tf from "@tensorflow/tfjs";
import { weightsOf } from "closerlook/tfjs";
import { isResnet, type NetworkShape, type ResnetShape, type VggShape } from "./networkShapes.js";
import { normals, uniforms } from "./random.js";

/** Layers whose outputs are "the layer" in a similarity picture: after the ReLU, and the logits. */
export const isLayerOutput = (name: string) => /^(conv|fc)\d+$/.test(name);
/** The stack of fully connected layers. */
export const FC_STACK = /^fc\d/;

/** How kernels begin. */
export interface InitialKernels {
  /**
   * `"he"`: from N(0, √(2/inputs)). `"he-fan-out"`: convolutions from N(0, √(2/outputs)), where each filter counts as often
   * as its kernel has pixels, and fully connected layers uniform on ±1/√inputs, as in the code that the paper builds on.
   */
  readonly rule: "he" | "he-fan-out";
  /** Times so much. */
  readonly factor: number;
  /** And those of the last layer times so much more. @defaultValue 1 */
  readonly lastLayerFactor?: number;
}

/** Builds a network of either kind with seeded weights, see {@link vgg} and {@link resnet}. */
export const network = (
  shape: NetworkShape,
  seed: number,
  kernels?: InitialKernels,
): tf.LayersModel => (isResnet(shape) ? resnet(shape, seed, kernels) : vgg(shape, seed, kernels));

// PyTorch's settings, which the code behind the paper used: tfjs's own momentum of 0.99 lags behind short runs.
const normalization = (name: string) =>
  tf.layers.batchNormalization({ name, momentum: 0.9, epsilon: 1e-5 });

/**
 * Builds the network with seeded weights: kernels from N(0, √(2/inputs)) (He) unless asked otherwise, biases 0. Output
 * of layer k is the tfjs layer named `conv<k>` or `fc<k>` (the ReLU where there is one).
 */
export function vgg(
  { input, features, classifier, batchNormalization, dropout }: VggShape,
  seed: number,
  kernels?: InitialKernels,
): tf.LayersModel {
  const model = tf.sequential();
  let inputShape: number[] | undefined = [...input];
  let convolutions = 0;
  for (const width of features) {
    if (width === "M") {
      model.add(tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }));
      continue;
    }
    const name = `conv${++convolutions}`;
    model.add(
      tf.layers.conv2d({
        name: `${name}_kernel`,
        filters: width,
        kernelSize: 3,
        padding: "same",
        ...(inputShape && { inputShape }),
      }),
    );
    inputShape = undefined;
    if (batchNormalization) model.add(normalization(`${name}_norm`));
    model.add(tf.layers.reLU({ name }));
  }
  model.add(tf.layers.flatten());
  classifier.forEach((units, i) => {
    const name = `fc${i + 1}`;
    const last = i === classifier.length - 1;
    if (dropout !== undefined && !last) model.add(tf.layers.dropout({ rate: dropout }));
    model.add(tf.layers.dense({ name: last ? name : `${name}_kernel`, units }));
    if (!last) model.add(tf.layers.reLU({ name }));
  });
  initialize(model, seed, kernels);
  return model;
}

/**
 * Builds the network with seeded weights, like {@link vgg}. Output of layer k is the tfjs layer named `conv<k>`, the ReLU,
 * which for the second convolution of a block comes after the sum with the shortcut; the logits are `fc1`.
 */
export function resnet(
  { input, stages, shortcut, classes }: ResnetShape,
  seed: number,
  kernels?: InitialKernels,
): tf.LayersModel {
  const normalized = (
    x: tf.SymbolicTensor,
    name: string,
    filters: number,
    kernelSize: number,
    strides: number,
  ) => {
    const convolution = tf.layers.conv2d({
      name: `${name}_kernel`,
      filters,
      kernelSize,
      strides,
      padding: "same",
      useBias: false,
    });
    return normalization(`${name}_norm`).apply(convolution.apply(x)) as tf.SymbolicTensor;
  };
  const relu = (x: tf.SymbolicTensor, name: string) =>
    tf.layers.reLU({ name }).apply(x) as tf.SymbolicTensor;

  const image = tf.input({ shape: [...input] });
  let channels = stages[0]!.filters;
  let x = relu(normalized(image, "conv1", channels, 3, 1), "conv1");
  let convolutions = 1;
  for (const { blocks, filters, stride } of stages) {
    for (let block = 0; block < blocks; block++) {
      const strides = block === 0 ? stride : 1;
      const first = `conv${++convolutions}`;
      const second = `conv${++convolutions}`;
      let residual = relu(normalized(x, first, filters, 3, strides), first);
      residual = normalized(residual, second, filters, 3, 1);
      let skipped = x;
      if (strides > 1 || channels !== filters) {
        const name = `${second}_shortcut`;
        skipped =
          shortcut === "projection"
            ? normalized(x, name, filters, 1, strides)
            : (new ZeroShortcut({ name, filters, strides }).apply(x) as tf.SymbolicTensor);
      }
      const sum = tf.layers.add().apply([residual, skipped]) as tf.SymbolicTensor;
      x = relu(sum, second);
      channels = filters;
    }
  }
  const means = tf.layers.globalAveragePooling2d({}).apply(x);
  const logits = tf.layers.dense({ name: "fc1", units: classes }).apply(means);
  const model = tf.model({ inputs: image, outputs: logits as tf.SymbolicTensor });
  initialize(model, seed, kernels);
  return model;
}

type LayerConfig = ConstructorParameters<typeof tf.layers.Layer>[0];

/** A shortcut without parameters: keeps the first of `strides` pixels along each axis and appends maps of zeros. */
class ZeroShortcut extends tf.layers.Layer {
  static className = "ZeroShortcut";
  readonly #filters: number;
  readonly #strides: number;

  constructor({ filters, strides, ...config }: LayerConfig & { filters: number; strides: number }) {
    super(config);
    this.#filters = filters;
    this.#strides = strides;
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    const [examples, height, width] = shape as [number | null, number, number];
    return [
      examples,
      Math.ceil(height / this.#strides),
      Math.ceil(width / this.#strides),
      this.#filters,
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
      // Windows of one pixel: tfjs has no gradient of a strided slice.
      const kept = this.#strides === 1 ? x : tf.maxPool(x, 1, this.#strides, "valid");
      const missing = this.#filters - x.shape[3];
      return tf.pad4d(kept, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, missing],
      ]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), filters: this.#filters, strides: this.#strides };
  }
}
tf.serialization.registerClass(ZeroShortcut);

/** Seeded weights: kernels by the rule, biases 0, batch norm as it begins. */
export function initialize(
  model: tf.LayersModel,
  seed: number,
  { rule, factor, lastLayerFactor = 1 }: InitialKernels = { rule: "he", factor: 1 },
): void {
  const { variables, length, write } = weightsOf(model);
  const normal = normals(seed);
  const uniform = uniforms(seed);
  const flat = new Float32Array(length);
  const lastKernel = variables.findLast(({ name }) => /\/kernel$/.test(name))!;
  for (const { name, shape, offset, size } of variables) {
    const scale = name === lastKernel.name ? factor * lastLayerFactor : factor;
    const values = flat.subarray(offset, offset + size);
    if (/\/kernel$/.test(name)) {
      const outputs = shape.at(-1)!;
      const inputs = size / outputs;
      if (rule === "he-fan-out" && shape.length === 2) {
        const bound = scale / Math.sqrt(inputs);
        for (let i = 0; i < size; i++) values[i] = (2 * uniform() - 1) * bound;
      } else {
        const count = rule === "he" ? inputs : (inputs / shape[2]!) * outputs;
        const deviation = scale * Math.sqrt(2 / count);
        for (let i = 0; i < size; i++) values[i] = normal() * deviation;
      }
    } else if (/\/(gamma|moving_variance)$/.test(name)) values.fill(1);
  }
  write(flat);
}

import * as tf from "@tensorflow/tfjs";
import { weightsOf } from "closerlook/tfjs";
import { normals } from "./random.js";

/** A network of the VGG kind: convolutions and pools in a row, then a stack of fully connected layers. */
export interface VggShape {
  readonly input: readonly [height: number, width: number, channels: number];
  /** Filters of each 3 × 3 convolution; `"M"` is a 2 × 2 max-pool with stride 2. */
  readonly features: readonly (number | "M")[];
  /** Widths of the fully connected layers; the last gives the logits. */
  readonly classifier: readonly number[];
  readonly batchNormalization: boolean;
}

/** Layers whose outputs are "the layer" in a similarity picture: after the ReLU, and the logits. */
export const isLayerOutput = (name: string) => /^(conv|fc)\d+$/.test(name);
/** The stack of fully connected layers. */
export const FC_STACK = /^fc\d/;

/**
 * Builds the network with seeded weights: kernels from N(0, √(2/inputs)) (He), biases 0. Output of layer k is the
 * tfjs layer named `conv<k>` or `fc<k>` (the ReLU where there is one).
 */
export function vgg(
  { input, features, classifier, batchNormalization }: VggShape,
  seed: number,
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
    if (batchNormalization) {
      // PyTorch's settings, which the code behind the paper used: tfjs's own momentum of 0.99 lags behind short runs.
      model.add(
        tf.layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9, epsilon: 1e-5 }),
      );
    }
    model.add(tf.layers.reLU({ name }));
  }
  model.add(tf.layers.flatten());
  classifier.forEach((units, i) => {
    const name = `fc${i + 1}`;
    const last = i === classifier.length - 1;
    model.add(tf.layers.dense({ name: last ? name : `${name}_kernel`, units }));
    if (!last) model.add(tf.layers.reLU({ name }));
  });
  initialize(model, seed);
  return model;
}

function initialize(model: tf.LayersModel, seed: number): void {
  const { variables, write } = weightsOf(model);
  const random = normals(seed);
  const flat: number[] = [];
  for (const { name, shape } of variables) {
    const size = shape.reduce((product, factor) => product * factor, 1);
    const inputs = shape.slice(0, -1).reduce((product, factor) => product * factor, 1);
    for (let i = 0; i < size; i++) {
      if (/\/kernel$/.test(name)) flat.push(random() * Math.sqrt(2 / inputs));
      else flat.push(/\/(gamma|moving_variance)$/.test(name) ? 1 : 0);
    }
  }
  write(Float32Array.from(flat));
}

/** Floating-point operations of one forward pass of one image: two for each multiply-add of kernels. */
export function forwardFlops({ input, features, classifier }: VggShape): number {
  let [height, width, channels] = input;
  let total = 0;
  for (const filters of features) {
    if (filters === "M") {
      height = Math.floor(height / 2);
      width = Math.floor(width / 2);
    } else {
      total += 2 * 9 * height * width * channels * filters;
      channels = filters;
    }
  }
  let inputs = height * width * channels;
  for (const units of classifier) {
    total += 2 * inputs * units;
    inputs = units;
  }
  return total;
}

import * as tf from "@tensorflow/tfjs";
import type { ImageShape } from "./networkShapes.js";
import { initialize } from "./networks.js";

/**
 * The shallow network of section 5: convolution, max-pool, ReLU; the same again; three fully connected layers, with a ReLU
 * after the first only.
 */
export interface StudentShape {
  readonly input: ImageShape;
  /** Side of the filters. */
  readonly kernelSize: number;
  /** Filters of the two convolutions. */
  readonly features: readonly [number, number];
  /** Widths of the fully connected layers; the last gives the logits. */
  readonly classifier: readonly [number, number, number];
}

/** The paper gives the layers but no widths; these are ours, chosen to make its 83 % plausible. */
export const studentShape = (narrower: 1 | 4): StudentShape => ({
  input: [32, 32, 3],
  kernelSize: 5,
  features: [64 / narrower, 64 / narrower],
  classifier: [384 / narrower, 192 / narrower, 10],
});

export const tinyStudentShape: StudentShape = {
  input: [14, 14, 1],
  kernelSize: 3,
  features: [4, 8],
  classifier: [24, 16, 10],
};

/** Builds the student with seeded weights; its layers' outputs are `conv<k>` (after pool and ReLU) and `fc<k>`. */
export function studentNetwork(
  { input, kernelSize, features, classifier }: StudentShape,
  seed: number,
): tf.LayersModel {
  const model = tf.sequential();
  features.forEach((filters, i) => {
    const name = `conv${i + 1}`;
    model.add(
      tf.layers.conv2d({
        name: `${name}_kernel`,
        filters,
        kernelSize,
        padding: "same",
        ...(i === 0 && { inputShape: [...input] }),
      }),
    );
    model.add(tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }));
    model.add(tf.layers.reLU({ name }));
  });
  model.add(tf.layers.flatten());
  const [first, second, classes] = classifier;
  model.add(tf.layers.dense({ name: "fc1_kernel", units: first }));
  model.add(tf.layers.reLU({ name: "fc1" }));
  model.add(tf.layers.dense({ name: "fc2", units: second }));
  model.add(tf.layers.dense({ name: "fc3", units: classes }));
  initialize(model, seed);
  return model;
}

/** Floating-point operations of one forward pass of one image: two for each multiply-add of kernels. */
export function studentFlops({ input, kernelSize, features, classifier }: StudentShape): number {
  let [height, width, channels] = input;
  let total = 0;
  for (const filters of features) {
    total += 2 * kernelSize ** 2 * height * width * channels * filters;
    channels = filters;
    height = Math.floor(height / 2);
    width = Math.floor(width / 2);
  }
  let inputs = height * width * channels;
  for (const units of classifier) {
    total += 2 * inputs * units;
    inputs = units;
  }
  return total;
}

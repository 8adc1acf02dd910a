import { crc32 } from "../formats/index.js";
import type { LabelledExamples } from "./examples.js";
import type { ModelLayer } from "./model.js";
import type { Optimizer } from "./optimizer.js";
import type { TrainingPlan } from "./trainingPlan.js";

/** Values of JSON by what they set. */
export type Configuration = Readonly<Record<string, unknown>>;

/**
 * All that decides about the bits of a training, and about what it reports, as far as it can be written down. Learning
 * rates are not among it: those of the updates done are compared one by one, and later ones may change.
 */
export function describeTraining(plan: TrainingPlan, optimizer: Optimizer): Configuration {
  const { weights, augment, trained } = plan;
  const { layers } = weights;
  return {
    layers: layers.length,
    ...Object.fromEntries(layers.map((layer, i) => [`layer ${i}`, describeLayer(layer)])),
    seed: plan.seed,
    batchSize: plan.batchSize,
    microBatch: plan.microBatch ?? null,
    evaluateEvery: plan.evaluateEvery,
    optimizer: optimizer.settings,
    augment: augment ? (augment.settings ?? "a function") : null,
    lossFunction: plan.lossSettings,
    frozen: plan.frozen.settings,
    data: describeData(plan.examples),
    validation: plan.validation ? describeData(plan.validation) : null,
    ...trained.settings,
  };
}

/**
 * Without its name, which tf.layers counts up whenever a model is built, and without initializers, whose weights the
 * checkpoint replaces.
 */
function describeLayer({ className, variables, source }: ModelLayer): unknown {
  const settings = JSON.stringify(source?.getConfig() ?? null, (key, value) =>
    // Freezing changes `trainable` for a time.
    key === "name" || key === "trainable" || /initializer$/i.test(key) ? undefined : value,
  );
  return { className, shapes: variables.map(({ shape }) => shape), settings: JSON.parse(settings) };
}

/** Shape and CRC-32 of the inputs, in the single precision that they are trained in, and of the classes. */
function describeData({ data, count, shape, labels }: LabelledExamples): unknown {
  const block = 2 ** 16;
  let inputs = 0;
  for (let from = 0; from < data.length; from += block) {
    inputs = crc32(bytesOf(Float32Array.from(data.subarray(from, from + block))), inputs);
  }
  const classes = crc32(bytesOf(labels));
  return { shape: [count, ...shape], inputs: { crc32: inputs }, classes: { crc32: classes } };
}

const bytesOf = (array: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

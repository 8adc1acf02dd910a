/**
 * Trains one update of two small networks on the back end of its argument and prints, as JSON, which one that was and
 * what came out. A process of its own, since native packages and Dawn stay in a process that loaded them.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { Random } from "../../src/internal/random.js";
import { type BackendName, useBackend } from "../../src/node/useBackend.js";
import { captureActivations, evaluate, sgd, train, weightsOf } from "../../src/tfjs/index.js";

const { batchNormalization, conv2d, dense, flatten, maxPooling2d, reLU } = layers.layers;

const networks = {
  plain: () => [
    conv2d({ filters: 6, kernelSize: 3, padding: "same", inputShape: [12, 12, 3], name: "conv" }),
    // Before the rectifier, so that the largest value of a window may be negative.
    maxPooling2d({ poolSize: 2 }),
    reLU(),
    flatten(),
    dense({ units: 5, name: "logits" }),
  ],
  "with batch norm": () => [
    conv2d({ filters: 6, kernelSize: 3, padding: "same", inputShape: [12, 12, 3], name: "conv" }),
    batchNormalization({ name: "norm" }),
    reLU(),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 5, name: "logits" }),
  ],
};

const description = await useBackend(process.argv[2] as BackendName);
const results: Record<string, unknown> = {};
for (const [name, make] of Object.entries(networks)) {
  const before = tf.memory().numTensors;
  const random = new Random(7, "trainingSteps");
  const normals = (count: number, scale = 1) =>
    Float32Array.from({ length: count }, () => scale * random.normal());
  const model = layers.sequential({ layers: make() });
  const weights = weightsOf(model);
  const start = weights.variables.flatMap(({ name, size }) => {
    const values = normals(size, 0.2);
    // Scales and variances must be positive.
    return Array.from(values, /gamma|variance/.test(name) ? (value) => 1 + value ** 2 : undefined!);
  });
  weights.write(start);
  const x = { data: normals(20 * 12 * 12 * 3), shape: [20, 12, 12, 3] };
  const data = { x, y: Array.from({ length: 20 }, (_, i) => (i * i) % 5) };

  // With rate 1 and no earlier velocity the update is the gradient.
  const optimizer = sgd({ momentum: 0.9 });
  const { losses } = await train(model, data, {
    schedule: 1,
    epochs: 1,
    batchSize: 20,
    optimizer,
  });
  const velocity = optimizer.getState(weights.variables);
  const end = weights.read();
  const { loss, accuracy } = await evaluate(model, data);
  const { conv } = await captureActivations(model, x, { layers: "conv" });

  // A read that waits, while another one is under way, beside one that does not wait.
  const product = tf.tidy(() => tf.matMul(tf.ones([40, 50]), tf.fill([50, 30], 2)));
  const other = tf.tidy(() => tf.add(product, 1));
  const reading = other.data();
  const waited = Array.from(product.dataSync());
  const reads = [...waited.slice(0, 2), waited.length, (await reading)[1199]];
  tf.dispose([product, other]);
  model.dispose();
  optimizer.dispose();
  results[name] = {
    losses,
    update: Array.from(end, (value, i) => start[i]! - value),
    velocity: Object.values(velocity).map(({ arrays }) => Array.from(arrays.velocity!)),
    evaluation: [loss, accuracy],
    activations: Array.from(conv!.data),
    reads,
    leaked: tf.memory().numTensors - before,
  };
}
process.stdout.write(JSON.stringify({ description, results }));

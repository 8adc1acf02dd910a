import { join } from "node:path";
import { useBackend, writeArrays } from "closerlook/node";
import { weightsOf } from "closerlook/tfjs";
import { network } from "../../examples/common/networks.js";
import { normals } from "../../examples/common/random.js";
import { classesOf, SEED, type StepFiles } from "./task.js";
import type { Step } from "./work.js";

/** Writes a network's initial weights, and a batch of noisy images of every class. */
export async function writeStep(
  folder: string,
  { network: shape, batch }: Step,
): Promise<StepFiles> {
  const files = { weights: join(folder, "weights.npz"), batch: join(folder, "batch.npz") };
  await useBackend("cpu");
  const model = network(shape, SEED);
  const { variables, read } = weightsOf(model);
  const flat = read();
  await writeArrays(
    files.weights,
    Object.fromEntries(
      variables.map(({ name, shape, offset, size }) => [
        name,
        { data: flat.subarray(offset, offset + size), shape },
      ]),
    ),
  );
  model.dispose();

  const classes = classesOf(shape);
  const size = shape.input.reduce((product, factor) => product * factor, 1);
  const random = normals(SEED + 1);
  const centres = Array.from({ length: classes }, () =>
    Float64Array.from({ length: size }, random),
  );
  const x = new Float32Array(batch * size);
  const y = Int32Array.from({ length: batch }, (_, i) => i % classes);
  for (let i = 0; i < x.length; i++) {
    x[i] = 0.5 * centres[y[Math.floor(i / size)]!]![i % size]! + random();
  }
  await writeArrays(files.batch, {
    x: { data: x, shape: [batch, ...shape.input] },
    y: { data: y, shape: [batch] },
  });
  return files;
}

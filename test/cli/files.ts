import { writeArrays } from "../../src/node/index.js";
import { activations } from "./command.js";

/** The shapes of a small model: two convolutions and two dense layers. */
const shapes = { conv1: [90, 6, 4, 3], conv2: [90, 3, 2, 4], fc1: [90, 5], fc2: [90, 4] };

export const first = activations(1, [90, 5]);
export const second = activations(2, [90, 5], first);

function model(
  seed: number,
  base?: Readonly<Record<string, { readonly data: Float32Array }>>,
): Record<string, { data: Float32Array; shape: readonly number[] }> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [
      name,
      activations(seed + i, shape, base?.[name]),
    ]),
  );
}

export const early = model(10);
export const late = model(20, early);

/** Files that the tests compare; `path` gives the place of a name. */
export async function writeFiles(path: (name: string) => string): Promise<void> {
  await writeArrays(path("a.npy"), { first });
  await writeArrays(path("b.npy"), { second });
  await writeArrays(path("unrelated.npy"), { unrelated: activations(3, [90, 5]) });
  await writeArrays(path("short.npy"), { short: activations(4, [30, 5]) });
  await writeArrays(path("few.npy"), { few: activations(5, [8, 5]) });
  await writeArrays(path("early.npz"), early);
  await writeArrays(path("late.npz"), late);
  const labels = { data: BigInt64Array.from({ length: 90 }, (_, i) => BigInt(i % 3)), shape: [90] };
  await writeArrays(path("mixed.npz"), { "block:0": first, fc: second, labels });
  await writeArrays(
    path("notes.safetensors"),
    { "layer.1": first },
    { metadata: { epoch: "12", note: "\x1b[31mred" } },
  );
}

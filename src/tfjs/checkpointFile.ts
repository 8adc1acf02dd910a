import {
  type ArrayData,
  bytesSource,
  crc32,
  encodeSafetensors,
  failFor,
  openSafetensors,
  readStoredArrays,
} from "../formats/index.js";
import type { ModelVariable } from "./model.js";
import type { OptimizerState } from "./optimizer.js";
import type { Configuration } from "./trainingConfiguration.js";
import type { EpochRecord } from "./trainingResult.js";
import type { TrainingState } from "./trainingState.js";

/** A file that another one names, so that both are known to belong together. */
export interface FileReference {
  readonly file: string;
  readonly crc32: number;
}

/** A snapshot that was taken on the way to a checkpoint. */
export interface SnapshotReference extends FileReference {
  readonly update: number;
}

/** The readable part of a checkpoint. It is written last: without it the arrays are nothing. */
export interface CheckpointHeader {
  readonly format: typeof format;
  /** Updates done. */
  readonly updates: number;
  readonly arrays: FileReference;
  readonly snapshots: readonly SnapshotReference[];
  readonly random: TrainingState["random"];
  /** Names of the variables in the order of the flat weights, as they are in the names of the arrays. */
  readonly variables: readonly string[];
  /** What the optimizer remembers, by position of the variable; the arrays themselves are in the other file. */
  readonly optimizer: readonly {
    readonly variable: number;
    readonly updates: number;
    readonly arrays: readonly string[];
  }[];
  readonly history: readonly EpochRecord[];
  readonly configuration: Configuration;
}

const format = "closerlook training 1";

type NamedArrays = [name: string, array: ArrayData][];

const weightName = (variable: string) => `weights/${variable}`;
const termPrefix = "terms/";
const memoryName = (array: string, variable: string) => `optimizer/${array}/${variable}`;

/** Both files of a checkpoint but for the reference of the first in the second. */
export function encodeState(
  state: TrainingState,
  variables: readonly ModelVariable[],
): {
  arrays: Uint8Array;
  header: Pick<CheckpointHeader, "updates" | "random" | "variables" | "optimizer" | "history">;
} {
  const { losses, terms, learningRates, history, random } = state;
  const remembered = variables.flatMap(({ name, shape }, variable) => {
    const memory = state.optimizer[name];
    return memory ? [{ name, shape, variable, ...memory }] : [];
  });
  const arrays: NamedArrays = [
    ...weightArrays(state.weights, variables),
    ...remembered.flatMap(({ name, shape, arrays }) =>
      Object.entries(arrays).map(([array, data]): NamedArrays[number] => [
        memoryName(array, name),
        { data, shape, dtype: "float32" },
      ]),
    ),
    ["losses", vector(losses)],
    ...Object.entries(terms).map(([term, values]): NamedArrays[number] => [
      termPrefix + term,
      vector(values),
    ]),
    ["learningRates", vector(learningRates)],
  ];
  const header = {
    updates: losses.length,
    random,
    variables: variables.map(({ name }) => name),
    optimizer: remembered.map(({ variable, updates, arrays }) => ({
      variable,
      updates,
      arrays: Object.keys(arrays),
    })),
    history,
  };
  return { arrays: joined(arrays), header };
}

/** The state that `encodeState` took, with today's names of the variables. */
export async function decodeState(
  where: string,
  bytes: Uint8Array,
  header: CheckpointHeader,
  variables: readonly ModelVariable[],
): Promise<TrainingState> {
  const arrays = await decodeArrays(where, bytes, header.arrays.file);
  const floats = (name: string) => arrays.get(name)!.data as Float32Array;
  const numbers = (name: string) => Array.from(arrays.get(name)!.data as Float64Array);
  const optimizer = header.optimizer.map(({ variable, updates, arrays }) => {
    const saved = arrays.map((array) => [
      array,
      floats(memoryName(array, header.variables[variable]!)),
    ]);
    return [variables[variable]!.name, { updates, arrays: Object.fromEntries(saved) }];
  });
  return {
    weights: flatWeights(header.variables.map((name) => floats(weightName(name)))),
    optimizer: Object.fromEntries(optimizer) as OptimizerState,
    losses: numbers("losses"),
    terms: Object.fromEntries(
      Array.from(arrays.keys())
        .filter((name) => name.startsWith(termPrefix))
        .map((name) => [name.slice(termPrefix.length), numbers(name)]),
    ),
    learningRates: numbers("learningRates"),
    history: header.history,
    random: header.random,
  };
}

/** Flat weights as a file of named arrays, for whoever wants to read them elsewhere. */
export const encodeWeights = (
  flat: Float32Array,
  variables: readonly ModelVariable[],
): Uint8Array => joined(weightArrays(flat, variables));

export async function decodeWeights(
  where: string,
  bytes: Uint8Array,
  file: string,
): Promise<Float32Array> {
  const arrays = await decodeArrays(where, bytes, file);
  return flatWeights(Array.from(arrays.values(), ({ data }) => data as Float32Array));
}

/** JSON has no infinity, which the loss of a validation may be. */
const infinity = "Infinity";

/** `{ crc32, checkpoint }`; the checksum is that of the JSON of `checkpoint`, without blanks. */
export function encodeHeader(header: Omit<CheckpointHeader, "format">): Uint8Array {
  const json = JSON.stringify({ format, ...header }, (_, value) =>
    value === Number.POSITIVE_INFINITY ? infinity : value,
  );
  const sum = crc32(new TextEncoder().encode(json));
  return new TextEncoder().encode(`{"crc32":${sum},"checkpoint":${json}}\n`);
}

/** Throws if the bytes are not as they were written. */
export function decodeHeader(bytes: Uint8Array): CheckpointHeader {
  const file: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const { crc32: sum, checkpoint } = file as { crc32: number; checkpoint: CheckpointHeader };
  const json = JSON.stringify(checkpoint);
  if (json === undefined || crc32(new TextEncoder().encode(json)) !== sum) {
    throw new Error("its checksum is wrong");
  }
  if (checkpoint.format !== format) {
    throw new Error(`its format is ${JSON.stringify(checkpoint.format)}, not "${format}"`);
  }
  const history = checkpoint.history.map((epoch) =>
    (epoch.validationLoss as unknown) === infinity
      ? { ...epoch, validationLoss: Number.POSITIVE_INFINITY }
      : epoch,
  );
  return { ...checkpoint, history };
}

const weightArrays = (flat: Float32Array, variables: readonly ModelVariable[]): NamedArrays =>
  variables.map(({ name, shape, offset, size }) => [
    weightName(name),
    { data: flat.subarray(offset, offset + size), shape, dtype: "float32" },
  ]);

const vector = (values: readonly number[]): ArrayData => ({
  data: Float64Array.from(values),
  shape: [values.length],
  dtype: "float64",
});

async function decodeArrays(
  where: string,
  bytes: Uint8Array,
  file: string,
): Promise<Map<string, ArrayData>> {
  const fail = failFor(where, file);
  const { arrays } = await openSafetensors(bytesSource(bytes), fail);
  return new Map(await readStoredArrays(arrays, 0, fail));
}

function joined(arrays: NamedArrays): Uint8Array {
  const pieces = Array.from(encodeSafetensors(arrays, {}));
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function flatWeights(parts: readonly Float32Array[]): Float32Array {
  const flat = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  return flat;
}

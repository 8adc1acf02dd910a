import { type ByteStore, crc32 } from "../formats/index.js";
import { rangeError } from "../internal/checks.js";
import {
  type CheckpointHeader,
  decodeHeader,
  decodeState,
  decodeWeights,
  encodeHeader,
  encodeState,
  encodeWeights,
  type FileReference,
  type SnapshotReference,
} from "./checkpointFile.js";
import type { ModelVariable } from "./model.js";
import type { Configuration } from "./trainingConfiguration.js";
import type { CheckpointPlan, TrainingPlan } from "./trainingPlan.js";
import type { TrainingState } from "./trainingState.js";

/** A training as far as it had come, and what was copied on the way. */
export interface SavedTraining extends TrainingState {
  readonly snapshots: ReadonlyMap<number, Float32Array>;
}

/**
 * The checkpoints of one training in a store. The arrays are written before the header, which names them and their
 * checksum, and a header is removed before its arrays: whenever the process is killed, every header that is there stands
 * for a whole checkpoint.
 */
export class Checkpoints {
  readonly #training: TrainingPlan;
  readonly #plan: CheckpointPlan;
  readonly #store: ByteStore;
  readonly #variables: readonly ModelVariable[];
  readonly #configuration: Configuration;
  /** Snapshots that are in the store, by update. */
  readonly #snapshots = new Map<number, SnapshotReference>();
  /** Updates of the newest checkpoint that is written; 0 before the first one. */
  #saved = 0;

  constructor(training: TrainingPlan, configuration: Configuration) {
    this.#training = training;
    this.#plan = training.checkpoints!;
    this.#store = this.#plan.store;
    this.#variables = training.trained.variables;
    this.#configuration = configuration;
  }

  /** Whether it is time to save after so many updates. */
  isDue(updates: number): boolean {
    return updates % this.#plan.every === 0;
  }

  /**
   * What to go on from; undefined at the beginning. A checkpoint that is damaged, or lacks a wanted snapshot, is passed
   * over for an older one: its training takes longer and ends the same. One of another training is an error.
   */
  async open(): Promise<SavedTraining | undefined> {
    const { where } = this.#training;
    const newestFirst = (await this.#headers()).toReversed();
    if (newestFirst.length > 0 && !this.#plan.resume) {
      const must = "without checkpoints at the beginning of a training";
      const hint = "Say resume: true to go on from it, or take another store";
      throw rangeError(where, "checkpoints.store", must, headerName(newestFirst[0]!), hint);
    }
    const failures: string[] = [];
    for (const updates of newestFirst) {
      const header = await this.#attempt(updates, failures, () => this.#readHeader(updates));
      if (!header) continue;
      checkConfiguration(this.#training, header.configuration, this.#configuration);
      const saved = await this.#attempt(updates, failures, () => this.#read(header));
      if (!saved) continue;
      checkUpdates(saved, this.#training);
      for (const snapshot of header.snapshots) this.#snapshots.set(snapshot.update, snapshot);
      this.#saved = updates;
      await this.#removeWhere((other) => other > updates);
      return saved;
    }
    if (failures.length === 0) return undefined;
    const hint = "Remove the checkpoints to begin at the beginning";
    throw rangeError(
      where,
      "checkpoints.store",
      "one with a whole checkpoint",
      failures.join("; "),
      hint,
    );
  }

  /** Saves the training, unless that has been done. */
  async save(state: TrainingState): Promise<void> {
    const updates = state.losses.length;
    if (updates === this.#saved) return;
    const { arrays, header } = encodeState(state, this.#variables);
    const reference = await this.#write(arraysName(updates), arrays);
    const bytes = encodeHeader({
      ...header,
      arrays: reference,
      snapshots: Array.from(this.#snapshots.values()),
      configuration: this.#configuration,
    });
    await this.#store.write(headerName(updates), bytes);
    this.#saved = updates;
    const kept = new Set((await this.#headers()).slice(-this.#plan.keep));
    await this.#removeWhere((other) => !kept.has(other));
  }

  /** Saves a copy of the weights after so many updates; the next checkpoint will count on it. */
  async saveSnapshot(update: number, weights: Float32Array): Promise<void> {
    const bytes = encodeWeights(weights, this.#variables);
    const reference = await this.#write(snapshotName(update), bytes);
    this.#snapshots.set(update, { update, ...reference });
  }

  async #write(file: string, bytes: Uint8Array): Promise<FileReference> {
    await this.#store.write(file, bytes);
    return { file, crc32: crc32(bytes) };
  }

  /** Notes what went wrong instead of throwing it. */
  async #attempt<T>(
    updates: number,
    failures: string[],
    read: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      failures.push(`${headerName(updates)}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async #readHeader(updates: number): Promise<CheckpointHeader> {
    return decodeHeader(await this.#readFile(headerName(updates)));
  }

  async #read(header: CheckpointHeader): Promise<SavedTraining> {
    const arrays = await this.#readChecked(header.arrays);
    const { where, snapshots: wanted } = this.#training;
    const state = await decodeState(where, arrays, header, this.#variables);
    const snapshots = new Map<number, Float32Array>();
    for (const update of [...wanted].sort((a, b) => a - b)) {
      if (update > header.updates) continue;
      const reference = header.snapshots.find((snapshot) => snapshot.update === update);
      if (reference) {
        const bytes = await this.#readChecked(reference);
        snapshots.set(update, await decodeWeights(where, bytes, reference.file));
      } else if (update === header.updates) {
        snapshots.set(update, state.weights);
        await this.saveSnapshot(update, state.weights);
      } else {
        throw new Error(`the wanted snapshot after ${update} updates was not taken`);
      }
    }
    return { ...state, snapshots };
  }

  async #readChecked({ file, crc32: expected }: FileReference): Promise<Uint8Array> {
    const bytes = await this.#readFile(file);
    if (crc32(bytes) !== expected) throw new Error(`${file} is damaged, its checksum is wrong`);
    return bytes;
  }

  async #readFile(file: string): Promise<Uint8Array> {
    const bytes = await this.#store.read(file);
    if (!bytes) throw new Error(`${file} is missing`);
    return bytes;
  }

  /** Updates of the checkpoints whose headers are there, rising. */
  async #headers(): Promise<number[]> {
    return updatesIn(await this.#store.list(), ".json");
  }

  /** Removes checkpoints, and what a kill has left of others. */
  async #removeWhere(condition: (updates: number) => boolean): Promise<void> {
    const names = await this.#store.list();
    for (const updates of updatesIn(names, ".json").filter(condition)) {
      await this.#store.remove(headerName(updates));
    }
    for (const updates of updatesIn(names, ".safetensors").filter(condition)) {
      await this.#store.remove(arraysName(updates));
    }
  }
}

/** Names sort as numbers do. */
const numbered = (name: string, updates: number) => `${name}-${String(updates).padStart(8, "0")}`;
const headerName = (updates: number) => `${numbered("checkpoint", updates)}.json`;
const arraysName = (updates: number) => `${numbered("checkpoint", updates)}.safetensors`;
const snapshotName = (updates: number) => `${numbered("snapshot", updates)}.safetensors`;

const updatesIn = (names: readonly string[], extension: string): number[] =>
  names
    .flatMap((name) => {
      const [, digits, end] = /^checkpoint-(\d{8,})(\.\w+)$/.exec(name) ?? [];
      return end === extension ? [Number(digits)] : [];
    })
    .sort((a, b) => a - b);

function checkConfiguration(
  { where, weights }: TrainingPlan,
  saved: Configuration,
  now: Configuration,
): void {
  const names = weights.layers.map(({ name }) => name);
  for (const key of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const found = firstDifference(key, saved[key], now[key]);
    if (!found) continue;
    const difference = key === "frozen" ? named(found, saved[key], now[key], names) : found;
    const hint = "Go on with what the training began with, or begin another one in another store";
    throw new RangeError(
      `${where}: ${difference.path} must be ${difference.before}, as in the checkpoint, got ${difference.after}. ${hint}`,
    );
  }
}

/** What differs between periods of freezing, told with the names that the layers have now. */
function named(
  found: Difference,
  saved: unknown,
  now: unknown,
  names: readonly string[],
): Difference {
  const [before, after] = [saved, now].map((settings) =>
    JSON.parse(JSON.stringify(settings ?? null), (key, value) =>
      key === "layers" ? value.map((layer: number) => names[layer] ?? layer) : value,
    ),
  );
  // Two layers may have the same name; their positions differ all the same.
  return firstDifference("frozen", before, after) ?? found;
}

interface Difference {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** The first place where two values of JSON differ, and what is there. */
function firstDifference(path: string, before: unknown, after: unknown): Difference | undefined {
  if (isNested(before) && isNested(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const place = Array.isArray(before) ? `${path}[${key}]` : `${path}.${key}`;
      const difference = firstDifference(place, before[key], after[key]);
      if (difference) return difference;
    }
    return undefined;
  }
  const [was, is] = [before, after].map((value) => JSON.stringify(value) ?? "none");
  return was === is ? undefined : { path, before: was!, after: is! };
}

/** Objects, and lists of them; a list of numbers says more as a whole. */
const isNested = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Array.isArray(value) ? value.some(isNested) : typeof value === "object" && value !== null;

/** The updates that were done are those that would be done now. */
function checkUpdates(
  { learningRates: done }: SavedTraining,
  { where, learningRates }: TrainingPlan,
): void {
  if (done.length > learningRates.length) {
    const must = `such that there are at least ${done.length} updates, as in the checkpoint`;
    throw rangeError(where, "epochs", must, learningRates.length);
  }
  const other = done.findIndex((rate, update) => rate !== learningRates[update]);
  if (other >= 0) {
    const must = `${done[other]}, as in the checkpoint`;
    const hint = "Later learning rates may change, those of the updates that are done may not";
    throw rangeError(where, `schedule(${other})`, must, learningRates[other], hint);
  }
}

import { rangeError } from "../internal/checks.js";
import { permutation, Random } from "../internal/random.js";
import { Checkpoints, type SavedTraining } from "./checkpoints.js";
import { DropoutSeeds } from "./dropoutSeeds.js";
import { type Evaluation, evaluateExamples } from "./evaluate.js";
import { EventLoop } from "./eventLoop.js";
import { Freezer } from "./freezer.js";
import { readVariables, writeVariables } from "./openModel.js";
import type { Optimizer } from "./optimizer.js";
import { checkStepMemory } from "./stepMemory.js";
import { describeTraining } from "./trainingConfiguration.js";
import type { TrainingPlan } from "./trainingPlan.js";
import type { EpochRecord, TrainingResult } from "./trainingResult.js";
import type { TrainingState } from "./trainingState.js";
import { type BatchLoss, finiteUpdate } from "./trainingUpdate.js";

/** Runs a planned training from its first update, or from the newest checkpoint. */
export async function runTraining(
  plan: TrainingPlan,
  optimizer: Optimizer,
): Promise<TrainingResult> {
  await checkStepMemory(plan);
  const checkpoints = plan.checkpoints && new Checkpoints(plan, describeTraining(plan, optimizer));
  const saved = await checkpoints?.open();
  const eventLoop = new EventLoop();
  try {
    return await new Training(plan, optimizer, checkpoints).run(saved, eventLoop);
  } finally {
    eventLoop.close();
  }
}

/** A planned training on its way to its end. */
class Training {
  readonly #plan: TrainingPlan;
  readonly #optimizer: Optimizer;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #history: EpochRecord[] = [];
  readonly #losses: number[] = [];
  /** Terms of the losses, by name. */
  readonly #terms = new Map<string, number[]>();
  readonly #snapshots = new Map<number, Float32Array>();
  readonly #orderRandom: Random;
  readonly #dropoutRandom: Random;
  /** The examples in the order of the epoch under way, and the random state that it was drawn from. */
  #order: Uint32Array | undefined;
  #orderState: readonly number[];

  constructor(plan: TrainingPlan, optimizer: Optimizer, checkpoints: Checkpoints | undefined) {
    this.#plan = plan;
    this.#optimizer = optimizer;
    this.#checkpoints = checkpoints;
    this.#orderRandom = new Random(plan.seed, "order");
    this.#orderState = this.#orderRandom.getState();
    this.#dropoutRandom = new Random(plan.seed, "dropout");
  }

  async run(saved: SavedTraining | undefined, eventLoop: EventLoop): Promise<TrainingResult> {
    const { weights, frozen, learningRates, signal, onProgress } = this.#plan;
    const dropout = new DropoutSeeds(weights.layers, this.#dropoutRandom);
    const freezer = new Freezer(frozen, this.#optimizer);
    try {
      if (saved) this.#takeUp(saved);
      if (!saved) await this.#snapshot();
      while (this.#updates < learningRates.length) {
        const update = this.#updates;
        freezer.enter(update);
        await eventLoop.turn();
        if (signal?.aborted) {
          if (update > 0) await this.#checkpoints?.save(this.#state());
          return this.#end("aborted");
        }
        const done = await finiteUpdate(this.#plan, {
          index: update,
          optimizer: this.#optimizer,
          learningRate: learningRates[update]!,
          epoch: this.#epochOf(update),
          indices: this.#batch(),
          beforePass: () => dropout.next(),
        });
        if (!done) {
          this.#optimizer.clear();
          return { ...this.#end("diverged"), divergedAtUpdate: update };
        }
        const { loss, terms } = done;
        this.#record(done);
        await this.#snapshot();
        const validation = await this.#endEpoch();
        await this.#checkpoint();
        await onProgress?.({
          update: this.#updates,
          updates: learningRates.length,
          epoch: this.#epochOf(update) + 1,
          epochs: this.#plan.epochs,
          loss,
          ...(this.#terms.size > 0 && { terms }),
          learningRate: learningRates[update]!,
          ...(validation && { validation }),
        });
      }
      return this.#end("finished");
    } finally {
      freezer.restore();
      dropout.restore();
    }
  }

  /** Updates done. */
  get #updates(): number {
    return this.#losses.length;
  }

  /** 0-based. */
  #epochOf(update: number): number {
    return Math.floor(update / this.#plan.updatesPerEpoch);
  }

  #takeUp(saved: SavedTraining): void {
    const { weights, optimizer, losses, terms, history, random, snapshots } = saved;
    const { variables } = this.#plan.trained;
    writeVariables(variables, weights);
    this.#optimizer.setState(optimizer, variables);
    for (const loss of losses) this.#losses.push(loss);
    for (const [name, values] of Object.entries(terms)) this.#terms.set(name, [...values]);
    this.#history.push(...history);
    for (const [update, flat] of snapshots) this.#snapshots.set(update, flat);
    this.#orderRandom.setState(random.order);
    this.#orderState = random.order;
    this.#dropoutRandom.setState(random.dropout);
  }

  #state(): TrainingState {
    const { trained, learningRates } = this.#plan;
    return {
      weights: readVariables(trained.variables),
      optimizer: this.#optimizer.getState(trained.variables),
      losses: this.#losses,
      terms: Object.fromEntries(this.#terms),
      learningRates: learningRates.slice(0, this.#updates),
      history: this.#history,
      random: { order: this.#orderState, dropout: this.#dropoutRandom.getState() },
    };
  }

  #record({ loss, terms }: BatchLoss): void {
    const names = Object.keys(terms);
    const known = this.#updates === 0 ? names : Array.from(this.#terms.keys());
    if (names.length !== known.length || names.some((name) => !known.includes(name))) {
      const must = `${known.join(", ") || "none"}, as in the updates before`;
      throw rangeError(this.#plan.where, "the terms of lossFunction", must, names);
    }
    this.#losses.push(loss);
    for (const [name, value] of Object.entries(terms)) {
      const values = this.#terms.get(name) ?? [];
      this.#terms.set(name, values);
      values.push(value);
    }
  }

  /** Examples of the next update. */
  #batch(): Uint32Array {
    const { examples, batchSize, updatesPerEpoch } = this.#plan;
    this.#order ??= permutation(examples.count, this.#orderRandom);
    const from = (this.#updates % updatesPerEpoch) * batchSize;
    return this.#order.subarray(from, from + batchSize);
  }

  async #snapshot(): Promise<void> {
    if (!this.#plan.snapshots.has(this.#updates)) return;
    const flat = readVariables(this.#plan.trained.variables);
    this.#snapshots.set(this.#updates, flat);
    await this.#checkpoints?.saveSnapshot(this.#updates, flat);
  }

  /** Records the epoch if the last update was its last one. Returns the evaluation, if one was due. */
  async #endEpoch(): Promise<Evaluation | undefined> {
    const { weights, validation, evaluateEvery, epochs, updatesPerEpoch } = this.#plan;
    if (this.#updates % updatesPerEpoch !== 0) return undefined;
    const epoch = this.#updates / updatesPerEpoch;
    const isDue = epoch % evaluateEvery === 0 || epoch === epochs;
    const evaluation =
      validation && isDue ? await evaluateExamples(weights, validation, 500) : undefined;
    this.#history.push({
      epoch,
      updates: this.#updates,
      trainLoss: this.#epochMean(this.#losses),
      ...(this.#terms.size > 0 && {
        terms: Object.fromEntries(
          Array.from(this.#terms, ([name, values]) => [name, this.#epochMean(values)]),
        ),
      }),
      learningRate: this.#plan.learningRates[this.#updates - 1]!,
      ...(evaluation && {
        validationLoss: evaluation.loss,
        validationAccuracy: evaluation.accuracy,
      }),
    });
    this.#order = undefined;
    this.#orderState = this.#orderRandom.getState();
    return evaluation;
  }

  /** Mean over the examples of the last epoch of what the batches' means are given of. */
  #epochMean(means: readonly number[]): number {
    const { examples, batchSize, updatesPerEpoch } = this.#plan;
    const sum = means.slice(-updatesPerEpoch).reduce((sum, mean, batch) => {
      const count = Math.min(batchSize, examples.count - batch * batchSize);
      return sum + mean * count;
    }, 0);
    return sum / examples.count;
  }

  async #checkpoint(): Promise<void> {
    const isLast = this.#updates === this.#plan.learningRates.length;
    if (!this.#checkpoints || !(isLast || this.#checkpoints.isDue(this.#updates))) return;
    await this.#checkpoints.save(this.#state());
  }

  #end(stopped: TrainingResult["stopped"]): TrainingResult {
    return {
      history: this.#history,
      losses: this.#losses,
      learningRates: this.#plan.learningRates.slice(0, this.#updates),
      snapshots: this.#snapshots,
      updates: this.#updates,
      stopped,
    };
  }
}

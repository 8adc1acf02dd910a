import { type SimilarityGrid, similarityGrid } from "closerlook/similarity";
import { captureActivations, weightsOf } from "closerlook/tfjs";
import type { ExperimentContext, ExperimentInput } from "./experiment.js";
import { familyData } from "./familyImages.js";
import type { TrainAndTest } from "./images.js";
import type { Job } from "./jobs.js";
import { mean } from "./mean.js";
import { FC_STACK, isLayerOutput, vgg } from "./networks.js";
import type { LayerChange, SeedAccuracy } from "./warmupChecks.js";
import {
  momentsOf,
  type RunName,
  type TrainedRun,
  trainingJob,
  updatesPerEpoch,
  type WarmupSettings,
  weightsAt,
  weightsName,
} from "./warmupFamily.js";
import { warmupSettings } from "./warmupSettings.js";

/** The family's images and its settings, with a network that suits them. */
export function warmupFamily(input: Pick<ExperimentInput, "data">): {
  readonly settings: WarmupSettings;
  readonly images: TrainAndTest;
} {
  const settings = warmupSettings.quick;
  const { images, network } = familyData({ ...settings, testImages: Infinity }, input);
  return { images, settings: { ...settings, network } };
}

/** The named runs of all seeds. */
export function warmupJobs(input: ExperimentInput, runs: readonly RunName[]): Job<TrainedRun>[] {
  const { settings, images } = warmupFamily(input);
  return settings.seeds.flatMap((seed) =>
    runs.map((run) => trainingJob(settings, run, seed, images, input.environment)),
  );
}

/** The runs of one seed. */
export interface TrainedSeed<Run extends RunName> extends SeedAccuracy<Run> {
  readonly seed: number;
  readonly trained: Readonly<Record<Run, TrainedRun>>;
}

/** The named runs of all seeds, computed or found from an earlier run, seed by seed. */
export async function trainSeeds<Run extends RunName>(
  context: ExperimentContext,
  runs: readonly Run[],
): Promise<TrainedSeed<Run>[]> {
  const { settings } = warmupFamily(context);
  const bySeed = new Map<number, Record<Run, TrainedRun>>();
  for (const job of warmupJobs(context, runs)) {
    const { numbers, weights } = await context.result(job);
    const { run, seed } = numbers;
    const moments = Object.values(momentsOf(settings, run)).map(weightsName);
    const result: TrainedRun = {
      numbers,
      weights: Object.fromEntries(
        await Promise.all(moments.map(async (name) => [name, await weights(name)] as const)),
      ),
    };
    bySeed.set(seed, { ...bySeed.get(seed), [run]: result } as Record<Run, TrainedRun>);
  }
  return [...bySeed].map(([seed, trained]) => ({
    seed,
    trained,
    accuracy: mapRuns(runs, (run) => trained[run].numbers.testAccuracy),
    warmupEpochs: settings.warmupUpdates / updatesPerEpoch(settings, settings.largeBatch),
    testImages: context.data.test.y.length,
  }));
}

/** A sentence for each run that became non-finite. */
export const divergences = <Run extends RunName>(seeds: readonly TrainedSeed<Run>[]): string[] =>
  seeds.flatMap(({ seed, trained }) =>
    Object.values<TrainedRun>(trained).flatMap(({ numbers: { run, divergedAtUpdate } }) =>
      divergedAtUpdate === undefined
        ? []
        : [
            `${run}, seed ${seed}: diverged at update ${divergedAtUpdate}, counts as 10 % from there.`,
          ],
    ),
  );

const mapRuns = <Run extends RunName, T>(runs: readonly Run[], of: (run: Run) => T) =>
  Object.fromEntries(runs.map((run) => [run, of(run)])) as Record<Run, T>;

type ComparedRun = "SB" | "LB" | "LB+W";

/** How the layers of one seed changed. */
export interface MeasuredSeed extends TrainedSeed<ComparedRun> {
  readonly change: Readonly<Record<ComparedRun, LayerChange>>;
  /** SVCCA between the start and the end of the warmup, layer × layer. */
  readonly grids: Readonly<Record<ComparedRun, SimilarityGrid>>;
  /** The small batch from the start to as many epochs as the warmup has: more updates. */
  readonly gridSmallBatchByEpochs: SimilarityGrid;
  /** From the end of the warmup to the end of the training with it. */
  readonly gridAfterWarmup: SimilarityGrid;
}

/** Compares the layers of a seed's runs between their moments, on the held-out images. */
export async function measureChange(
  context: ExperimentContext,
  trainedSeed: TrainedSeed<ComparedRun>,
): Promise<MeasuredSeed> {
  const {
    settings,
    images: { test },
  } = warmupFamily(context);
  const { seed, trained } = trainedSeed;
  const runs = Object.keys(trained) as ComparedRun[];
  const model = vgg(settings.network, seed);
  try {
    const activations = async (run: ComparedRun, update: number) => {
      weightsOf(model).write(weightsAt(trained[run], update));
      return captureActivations(model, test.x, { layers: ({ name }) => isLayerOutput(name) });
    };
    const compare = async (run: ComparedRun, from: number, to: number) =>
      similarityGrid(await activations(run, from), await activations(run, to), { as: "pooled" });

    const grids = {} as Record<ComparedRun, SimilarityGrid>;
    for (const run of runs) {
      const { start, afterWarmup } = momentsOf(settings, run);
      grids[run] = await compare(run, start, afterWarmup);
    }
    const smallBatch = momentsOf(settings, "SB");
    const warm = momentsOf(settings, "LB+W");
    return {
      ...trainedSeed,
      grids,
      change: mapRuns(runs, (run) => ({
        similarityFc: mean(diagonal(grids[run], FC_STACK)),
        similarityConvolutions: mean(diagonal(grids[run], /^conv/).slice(-3)),
        relativeChangeFc: mean(relativeChanges(model, settings, trained[run])),
      })),
      gridSmallBatchByEpochs: await compare("SB", smallBatch.start, smallBatch.afterWarmupEpochs),
      gridAfterWarmup: await compare("LB+W", warm.afterWarmup, warm.end),
    };
  } finally {
    model.dispose();
  }
}

/** Similarity of each layer with itself at the other moment, for the layers whose names match. */
export const diagonal = ({ rows, values }: SimilarityGrid, match = /./): number[] =>
  rows.flatMap((name, i) => (match.test(name) ? [values[i]![i]!] : []));

/** ‖ΔW‖/‖W‖ of each FC layer during the warmup, kernel and bias together. */
function relativeChanges(
  model: Parameters<typeof weightsOf>[0],
  settings: WarmupSettings,
  run: TrainedRun,
): number[] {
  const { start, afterWarmup } = momentsOf(settings, run.numbers.run);
  const before = weightsAt(run, start);
  const after = weightsAt(run, afterWarmup);
  return weightsOf(model)
    .layers.filter(({ name, variables }) => FC_STACK.test(name) && variables.length > 0)
    .map(({ variables }) => {
      let change = 0;
      let size = 0;
      for (const { offset, size: length } of variables) {
        for (let at = offset; at < offset + length; at++) {
          change += (after[at]! - before[at]!) ** 2;
          size += before[at]! ** 2;
        }
      }
      return Math.sqrt(change / size);
    });
}

/** The weights of the FC stack, in the order of the flat weights. */
export function fcStackWeights(settings: WarmupSettings, flat: Float32Array): Float32Array {
  const model = vgg(settings.network, 0);
  try {
    const parts = weightsOf(model)
      .variables.filter(({ layer }) => FC_STACK.test(layer))
      .flatMap(({ offset, size }) => [...flat.subarray(offset, offset + size)]);
    return Float32Array.from(parts);
  } finally {
    model.dispose();
  }
}

import { type SimilarityGrid, similarityGrid } from "closerlook/similarity";
import { weightsOf } from "closerlook/tfjs";
import type { ExperimentContext } from "./experiment.js";
import type { Job } from "./jobs.js";
import { diagonal, layerOutputs, mapsAs, relativeChanges } from "./layerSimilarity.js";
import { mean } from "./mean.js";
import { FC_STACK, network } from "./networks.js";
import type { LayerChange, SeedAccuracy } from "./warmupChecks.js";
import {
  momentsOf,
  type RunName,
  type TrainedRun,
  trainingJob,
  updatesPerEpoch,
  type WarmupFamily,
  type WarmupSettings,
  weightsAt,
  weightsName,
} from "./warmupFamily.js";

/** The named runs of all seeds. */
export const warmupJobs = (family: WarmupFamily, runs: readonly RunName[]): Job<TrainedRun>[] =>
  family.settings.seeds.flatMap((seed) => runs.map((run) => trainingJob(family, run, seed)));

/** The runs of one seed. */
export interface TrainedSeed<Run extends RunName> extends SeedAccuracy<Run> {
  readonly seed: number;
  readonly trained: Readonly<Record<Run, TrainedRun>>;
}

/** The named runs of all seeds, computed or found from an earlier run, seed by seed. */
export async function trainSeeds<Run extends RunName>(
  context: Pick<ExperimentContext, "result">,
  family: WarmupFamily,
  runs: readonly Run[],
): Promise<TrainedSeed<Run>[]> {
  const { settings, images } = family;
  const bySeed = new Map<number, Record<Run, TrainedRun>>();
  for (const job of warmupJobs(family, runs)) {
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
    testImages: images.test.y.length,
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
  { preset }: Pick<ExperimentContext, "preset">,
  { settings, images }: WarmupFamily,
  trainedSeed: TrainedSeed<ComparedRun>,
): Promise<MeasuredSeed> {
  const { seed, trained } = trainedSeed;
  const runs = Object.keys(trained) as ComparedRun[];
  const model = network(settings.network, seed);
  try {
    const outputs = (run: ComparedRun, update: number) =>
      layerOutputs(model, weightsAt(trained[run], update), images.test);
    const compare = async (run: ComparedRun, from: number, to: number) =>
      similarityGrid(await outputs(run, from), await outputs(run, to), { as: mapsAs[preset] });

    const fcChanges = (run: ComparedRun) => {
      const { start, afterWarmup } = momentsOf(settings, run);
      const [before, after] = [start, afterWarmup].map((update) => weightsAt(trained[run], update));
      return relativeChanges(model, before!, after!, FC_STACK);
    };
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
        relativeChangeFc: mean(fcChanges(run)),
      })),
      gridSmallBatchByEpochs: await compare("SB", smallBatch.start, smallBatch.afterWarmupEpochs),
      gridAfterWarmup: await compare("LB+W", warm.afterWarmup, warm.end),
    };
  } finally {
    model.dispose();
  }
}

/** Picks the weights of the FC stack, in the order of the flat weights. */
export function fcStackWeights(settings: WarmupSettings): (flat: Float32Array) => Float32Array {
  const model = network(settings.network, 0);
  const variables = weightsOf(model).variables.filter(({ layer }) => FC_STACK.test(layer));
  model.dispose();
  return (flat) =>
    Float32Array.from(
      variables.flatMap(({ offset, size }) => [...flat.subarray(offset, offset + size)]),
    );
}

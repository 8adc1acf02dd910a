import { mergeSurfaces, type SurfaceData } from "closerlook/landscape";
import type { ExperimentContext } from "./experiment.js";
import type { Job } from "./jobs.js";
import {
  type CurvePath,
  curveJob,
  type Iterate,
  type MeasuredPath,
  type MeasurePlan,
  pathJob,
} from "./paths.js";
import { iterateEpochs, type RestartRuns, type RunKind } from "./restartFamily.js";
import type { RestartMoment, StepMoment } from "./restartSettings.js";
import {
  iteratesJob,
  type MeasuredIterates,
  type MeasuredSurface,
  type PlanePlan,
  surfaceJob,
} from "./surfaces.js";

/** Two moments of a run, by the paper's epochs, whose networks are connected. */
export interface Pair<Moment extends number = number> {
  readonly from: Moment;
  readonly to: Moment;
}

export const restartPairs: readonly Pair<RestartMoment>[] = [
  { from: 30, to: 70 },
  { from: 70, to: 150 },
  { from: 30, to: 150 },
];

/** Those of the caption first; the text has the others. */
export const stepPairs: readonly Pair<StepMoment>[] = [
  { from: 55, to: 65 },
  { from: 145, to: 155 },
  { from: 55, to: 155 },
  { from: 145, to: 165 },
  { from: 55, to: 165 },
];
/** The pairs of step decay that have a curve too. */
export const stepCurvePairs = stepPairs.slice(0, 3);

export const pairName = ({ from, to }: Pair): string => `w${from}–w${to}`;

/** The jobs between the networks of one pair. */
export interface PairJobs {
  readonly segment: Job<MeasuredPath>;
  readonly curve: CurvePath;
  readonly along: Job<MeasuredPath>;
}

function iterate(runs: RestartRuns, kind: RunKind, moment: number): Iterate {
  const { moments } = runs.settings[kind];
  return {
    label: `${kind}${moment}`,
    job: runs.job[kind],
    epoch: (moments as Readonly<Record<number, number>>)[moment]!,
  };
}

/** What a pair needs: the segment, the training of the curve, and the measurement along it. */
export function pairJobs(runs: RestartRuns, kind: RunKind, { from, to }: Pair): PairJobs {
  const { settings, images } = runs;
  const [start, end] = [iterate(runs, kind, from), iterate(runs, kind, to)];
  const { curve, batchSize, momentum, weightDecay, augment, seed } = settings;
  const label = `${kind}${from}-${to}`;
  const measure: MeasurePlan = {
    positions: curve.positions,
    images: { train: images.train.y.length, test: images.test.y.length },
  };
  const path: CurvePath = {
    kind: "curve",
    label,
    epoch: curve.epochs,
    job: curveJob(runs, start, end, {
      epochs: curve.epochs,
      rate: curve.rate,
      batchSize,
      momentum,
      weightDecay,
      ...(augment && { augment }),
      snapshots: [curve.epochs],
      seed,
    }),
  };
  return {
    segment: pathJob(runs, { kind: "segment", label, from: start, to: end }, measure),
    curve: path,
    along: pathJob(runs, path, measure),
  };
}

/** The plane through the networks of a pair of restarts and the bend of their curve. */
export interface PlaneJobs {
  readonly iterates: Job<MeasuredIterates>;
  readonly parts: readonly Job<MeasuredSurface>[];
}

/** Parts of a surface that can be computed side by side. */
const PARTS = 2;

export function planeJobs(runs: RestartRuns, pair: Pair<RestartMoment>): PlaneJobs {
  const { settings, images, job } = runs;
  const { cells, testImages } = settings.plane;
  const plan: PlanePlan = {
    curve: pairJobs(runs, "restarts", pair).curve,
    run: job.restarts,
    iterates: iterateEpochs(settings),
    cells,
    images: {
      train: images.train.y.length,
      test: Math.min(testImages, images.test.y.length),
    },
  };
  return {
    iterates: iteratesJob(runs, plan),
    parts: Array.from({ length: PARTS }, (_, index) =>
      surfaceJob(runs, plan, { index, of: PARTS }),
    ),
  };
}

/** A pair that has been measured. */
export interface MeasuredPair {
  readonly pair: Pair;
  /** Our epochs. */
  readonly epochs: readonly [from: number, to: number];
  readonly segment: MeasuredPath["numbers"];
  /** Along the trained curve; absent where none was trained. */
  readonly curve?: MeasuredPath["numbers"];
}

export async function measurePairs(
  { result }: Pick<ExperimentContext, "result">,
  runs: RestartRuns,
  kind: RunKind,
  pairs: readonly Pair[],
  withCurve: (pair: Pair) => boolean = () => true,
): Promise<MeasuredPair[]> {
  const measured: MeasuredPair[] = [];
  for (const pair of pairs) {
    const { segment, along } = pairJobs(runs, kind, pair);
    const ends = [pair.from, pair.to].map((moment) => iterate(runs, kind, moment).epoch);
    measured.push({
      pair,
      epochs: ends as [number, number],
      segment: (await result(segment)).numbers,
      ...(withCurve(pair) && { curve: (await result(along)).numbers }),
    });
  }
  return measured;
}

export interface MeasuredPlane {
  readonly surface: SurfaceData;
  readonly corners: MeasuredIterates["numbers"]["corners"];
  readonly iterates: MeasuredIterates["numbers"]["iterates"];
}

export async function measurePlane(
  { result }: Pick<ExperimentContext, "result">,
  { iterates, parts }: PlaneJobs,
): Promise<MeasuredPlane> {
  const surfaces: SurfaceData[] = [];
  for (const part of parts) surfaces.push((await result(part)).numbers);
  return { ...(await result(iterates)).numbers, surface: mergeSurfaces(...surfaces) };
}

import { type Barrier, barrier, type Curve, lineSegment, PolyChainCurve } from "closerlook/curves";
import { curveDecay, perEpoch } from "closerlook/schedules";
import {
  evaluateWeights,
  type RandomCropAndFlipOptions,
  randomCropAndFlip,
  sgd,
  trainCurve,
  weightsOf,
} from "closerlook/tfjs";
import type { FamilyData } from "./familyImages.js";
import { digestOfImages, firstImages, type Images } from "./images.js";
import type { Finished, Job, JobContext, JobResult } from "./jobs.js";
import { mean, standardError } from "./mean.js";
import { vgg } from "./networks.js";
import { epochName, type TrainedNetwork, updatesIn } from "./trainingRun.js";

/** What the jobs of one family have in common. */
export interface FamilyContext extends FamilyData {
  /** First part of the names of jobs. */
  readonly family: string;
  readonly environment: unknown;
}

/** Weights that a training has left. */
export interface Iterate {
  /** For people, e.g. `w70`. */
  readonly label: string;
  readonly job: Job<TrainedNetwork>;
  readonly epoch: number;
}

/** How a curve between two networks is trained: one bend, SGD with momentum, the ends fixed. */
export interface CurvePlan {
  readonly epochs: number;
  readonly rate: number;
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly augment?: RandomCropAndFlipOptions;
  /** Curve epochs after which the bend is kept. */
  readonly snapshots: readonly number[];
  readonly seed: number;
}

export interface TrainedCurve extends JobResult {
  readonly numbers: {
    /** Mean loss of each epoch's updates, in nats, at random places of the curve. */
    readonly trainLoss: readonly number[];
  };
  /** `start`, `end`, and the bend after so many epochs by `epoch<count>`; trainable weights only. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

/** A curve of a pair of networks, to be measured at one of its snapshots; 0 is the segment. */
export interface CurvePath {
  readonly kind: "curve";
  readonly label: string;
  readonly job: Job<TrainedCurve>;
  readonly epoch: number;
}

/** The straight line between two networks. */
export interface SegmentPath {
  readonly kind: "segment";
  readonly label: string;
  readonly from: Iterate;
  readonly to: Iterate;
}

/** Barriers of one path on one data set. */
interface PathBarriers {
  /** Above the higher end (the paper's footnote 3). */
  readonly max: Barrier;
  /** Above the straight line between the losses of the ends. */
  readonly chord: Barrier;
}

export interface PathProfile {
  /** Mean cross-entropy in nats at each position. */
  readonly loss: readonly number[];
  /** As fractions. */
  readonly accuracy: readonly number[];
  readonly barriers: PathBarriers;
  /** Standard errors of differences of losses, example by example: of start, middle and end, each against the next. */
  readonly errors: {
    readonly startMiddle: number;
    readonly middleEnd: number;
    readonly startEnd: number;
  };
}

export interface MeasuredPath extends JobResult {
  readonly numbers: {
    readonly t: readonly number[];
    /** Of the path, and between its ends, in weight space. */
    readonly length: number;
    readonly distance: number;
    readonly images: Readonly<Record<DataName, number>>;
    readonly train: PathProfile;
    readonly test: PathProfile;
  };
}

export type DataName = "train" | "test";

/** The weights of an iterate in the space of curves: those that are trained. */
export async function trainableWeights(
  { network }: FamilyData,
  { epoch }: Iterate,
  result: Finished,
): Promise<Float32Array> {
  const model = vgg(network, 0);
  try {
    const weights = weightsOf(model);
    weights.write(await result.weights(epochName(epoch)));
    return weights.read({ trainable: true });
  } finally {
    model.dispose();
  }
}

/** Jobs each once, and where each of two stands among them. */
const needsOf = (from: Iterate, to: Iterate): readonly Job[] =>
  from.job === to.job ? [from.job] : [from.job, to.job];

const endsOf = async (
  family: FamilyData,
  from: Iterate,
  to: Iterate,
  needs: readonly Finished[],
): Promise<[Float32Array, Float32Array]> => [
  await trainableWeights(family, from, needs[0]!),
  await trainableWeights(family, to, needs.at(-1)!),
];

/** The training of a curve from one network to another, as a job. */
export function curveJob(
  context: FamilyContext,
  from: Iterate,
  to: Iterate,
  plan: CurvePlan,
): Job<TrainedCurve> {
  const { family, network, images, environment } = context;
  const name = `${family}-curve-${from.label}-${to.label}`;
  const { train } = images;
  return {
    name,
    needs: needsOf(from, to),
    configuration: {
      from: from.epoch,
      to: to.epoch,
      network,
      plan,
      data: digestOfImages(images),
      environment,
    },
    async run({ needs, signal, progress, checkpoints }) {
      const [start, end] = await endsOf(context, from, to, needs);
      const curve = new PolyChainCurve({ start, end });
      const updates = updatesIn(plan, train.y.length);
      const { epochs, batchSize, momentum, weightDecay, seed, augment } = plan;
      const rate = curveDecay({ initial: plan.rate, steps: epochs });
      const model = vgg(network, 0);
      const optimizer = sgd({ momentum });
      try {
        const trained = await trainCurve(model, curve, train, {
          schedule: perEpoch(rate, updates, { interpolate: true }),
          epochs,
          batchSize,
          optimizer,
          weightDecay,
          seed,
          ...(augment && { augment: randomCropAndFlip(augment) }),
          snapshots: plan.snapshots,
          checkpoints: { store: checkpoints },
          resume: true,
          signal,
          onProgress: ({ update, updates: total, epoch, loss }) =>
            progress(update / total, `${name}, epoch ${epoch}, loss ${loss.toFixed(3)}`),
        });
        signal.throwIfAborted();
        if (trained.stopped === "diverged") {
          throw new Error(`${name} diverged at update ${trained.divergedAtUpdate}`);
        }
        const trainLoss = Array.from({ length: epochs }, (_, epoch) =>
          mean(trained.losses.slice(epoch * updates, (epoch + 1) * updates)),
        );
        const bends = plan.snapshots.map(
          (epoch) => [epochName(epoch), trained.snapshots.get(epoch)![1]!] as const,
        );
        return { numbers: { trainLoss }, weights: { start, end, ...Object.fromEntries(bends) } };
      } finally {
        optimizer.dispose();
        model.dispose();
      }
    },
  };
}

/** The curve that a job has left, with its bend of one epoch. */
export async function curveOf(result: Finished, epoch: number): Promise<PolyChainCurve> {
  const curve = new PolyChainCurve({
    start: await result.weights("start"),
    end: await result.weights("end"),
  });
  curve.points[1]!.set(await result.weights(epochName(epoch)));
  return curve;
}

/** How a path is measured. */
export interface MeasurePlan {
  /** Positions t, evenly spaced; an odd number, so that the middle is one of them. */
  readonly positions: number;
  /** Images of each kind at most. */
  readonly images: Readonly<Record<DataName, number>>;
}

/** Loss and accuracy along a path as a job, which is saved after every position. */
export function pathJob(
  context: FamilyContext,
  path: SegmentPath | CurvePath,
  plan: MeasurePlan,
): Job<MeasuredPath> {
  const { family, network, images, environment } = context;
  const name = `${family}-${path.kind === "curve" ? `along-epoch${path.epoch}` : "segment"}-${path.label}`;
  return {
    name,
    needs: path.kind === "curve" ? [path.job] : needsOf(path.from, path.to),
    configuration: {
      ...(path.kind === "curve"
        ? { epoch: path.epoch }
        : { from: path.from.epoch, to: path.to.epoch }),
      network,
      plan,
      data: digestOfImages(images),
      environment,
    },
    async run(job) {
      const curve =
        path.kind === "curve"
          ? await curveOf(job.needs[0]!, path.epoch)
          : lineSegment(...(await endsOf(context, path.from, path.to, job.needs)));
      return { numbers: await measurePath(context, curve, plan, job, name), weights: {} };
    },
  };
}

/** What a loss counts that has overflowed, so that a path or a surface still has a number there. */
const HIGHEST_LOSS = 1e6;

export const capped = (loss: number): number => Math.min(loss, HIGHEST_LOSS);

interface Point {
  readonly loss: number;
  readonly accuracy: number;
  readonly exampleLosses: readonly number[];
}

async function measurePath(
  { images, network }: FamilyContext,
  curve: Curve,
  { positions, images: counts }: MeasurePlan,
  { signal, progress, checkpoints }: JobContext,
  name: string,
): Promise<MeasuredPath["numbers"]> {
  const data = {
    train: firstImages(images.train, counts.train),
    test: firstImages(images.test, counts.test),
  };
  const t = Array.from({ length: positions }, (_, i) => i / (positions - 1));
  const points: Record<DataName, Point>[] = [];
  const model = vgg(network, 0);
  try {
    for (const [i, position] of t.entries()) {
      const entry = `position${i}.json`;
      const saved = await checkpoints.read(entry);
      const point = saved
        ? (JSON.parse(new TextDecoder().decode(saved)) as Record<DataName, Point>)
        : await evaluateAt(model, curve.at(position), data, images.train, signal);
      if (!saved) await checkpoints.write(entry, new TextEncoder().encode(JSON.stringify(point)));
      points.push(point);
      progress((i + 1) / positions, `${name}, t = ${position.toFixed(2)}`);
    }
  } finally {
    model.dispose();
  }
  const [first, last] = [curve.points[0]!, curve.points.at(-1)!];
  const profile = (kind: DataName) =>
    profileOf(
      t,
      points.map((point) => point[kind]),
    );
  return {
    t,
    length: curve.length,
    distance: lineSegment(first, last).length,
    images: { train: data.train.y.length, test: data.test.y.length },
    train: profile("train"),
    test: profile("test"),
  };
}

async function evaluateAt(
  model: Parameters<typeof evaluateWeights>[0],
  weights: Float32Array,
  data: Readonly<Record<DataName, Images>>,
  { x }: Images,
  signal: AbortSignal,
): Promise<Record<DataName, Point>> {
  const evaluated = await evaluateWeights(model, weights, data, {
    batchNorm: { x },
    exampleLosses: true,
    signal,
  });
  const point = (kind: DataName): Point => {
    const { loss, accuracy, exampleLosses } = evaluated[kind];
    const losses = Array.from(exampleLosses!, capped);
    const overflowed = losses.includes(HIGHEST_LOSS);
    return { loss: overflowed ? mean(losses) : loss, accuracy, exampleLosses: losses };
  };
  return { train: point("train"), test: point("test") };
}

function profileOf(t: readonly number[], points: readonly Point[]): PathProfile {
  const profile = {
    t,
    loss: points.map(({ loss }) => loss),
    exampleLosses: points.map(({ exampleLosses }) => exampleLosses),
  };
  const at = (i: number) => points[i]!.exampleLosses;
  const [start, middle, end] = [at(0), at((t.length - 1) / 2), at(t.length - 1)];
  return {
    loss: profile.loss,
    accuracy: points.map(({ accuracy }) => accuracy),
    barriers: { max: barrier(profile), chord: barrier(profile, { definition: "chord" }) },
    errors: {
      startMiddle: pairedError(start, middle),
      middleEnd: pairedError(middle, end),
      startEnd: pairedError(start, end),
    },
  };
}

/** Standard error of the mean difference of two lists, item by item. */
const pairedError = (a: readonly number[], b: readonly number[]): number =>
  standardError(a.map((value, i) => value - b[i]!));

import {
  type Plane,
  type PlaneCoordinates,
  planeGrid,
  planeThrough,
  project,
  type SurfaceData,
  surface,
} from "closerlook/landscape";
import { evaluateWeights } from "closerlook/tfjs";
import { digestOfImages, firstImages } from "./images.js";
import type { Finished, Job, JobResult } from "./jobs.js";
import { vgg } from "./networks.js";
import {
  type CurvePath,
  capped,
  curveOf,
  type DataName,
  type FamilyContext,
  type Iterate,
  trainableWeights,
} from "./paths.js";
import { epochName, type TrainedNetwork } from "./trainingRun.js";

/** The plane through the two ends of a curve and its bend, and iterates of a training that are projected onto it. */
export interface PlanePlan {
  readonly curve: CurvePath;
  readonly run: Job<TrainedNetwork>;
  /** Epochs of the run whose weights are projected. */
  readonly iterates: readonly number[];
  /** Cells along each axis. */
  readonly cells: number;
  readonly images: Readonly<Record<DataName, number>>;
}

interface ProjectedIterate extends PlaneCoordinates {
  readonly epoch: number;
  /** Distance from the plane, and its share of the distance from the plane's origin. */
  readonly residual: number;
  readonly relativeResidual: number;
  /** Training loss of the iterate itself, and of its projection. */
  readonly loss: number;
  readonly lossOnPlane: number;
}

export interface MeasuredSurface extends JobResult {
  /** With the measures `train` and `test`: mean cross-entropy in nats. */
  readonly numbers: SurfaceData;
}

export interface MeasuredIterates extends JobResult {
  readonly numbers: {
    /** Places of the start, the end and the bend of the curve. */
    readonly corners: readonly [
      start: PlaneCoordinates,
      end: PlaneCoordinates,
      bend: PlaneCoordinates,
    ];
    readonly iterates: readonly ProjectedIterate[];
  };
}

const needsOf = ({ curve, run }: PlanePlan): readonly Job[] => [curve.job, run];

/** Everything that the result of any job on the plane depends on, beside what it needs. */
const configurationOf = ({ network, images, environment }: FamilyContext, plan: PlanePlan) => ({
  network,
  epoch: plan.curve.epoch,
  iterates: plan.iterates,
  images: plan.images,
  data: digestOfImages(images),
  environment,
});

async function planeOf({ curve }: PlanePlan, trained: Finished): Promise<Plane> {
  const { points } = await curveOf(trained, curve.epoch);
  return planeThrough(points[0]!, points[2]!, points[1]!);
}

/** Projections of the iterates, one after another, as a network may be large. */
async function* projections(
  context: FamilyContext,
  { run, iterates }: PlanePlan,
  plane: Plane,
  result: Finished,
) {
  for (const epoch of iterates) {
    const iterate: Iterate = { label: epochName(epoch), job: run, epoch };
    const weights = await trainableWeights(context, iterate, result);
    yield { epoch, weights, ...project(plane, weights) };
  }
}

/** A part of the loss surface over the plane as a job, which is saved after every cell. */
export function surfaceJob(
  context: FamilyContext,
  plan: PlanePlan,
  part: { readonly index: number; readonly of: number },
): Job<MeasuredSurface> {
  const { family, network, images } = context;
  const name = `${family}-surface-${plan.curve.label}-${part.index + 1}of${part.of}`;
  return {
    name,
    needs: needsOf(plan),
    configuration: { ...configurationOf(context, plan), cells: plan.cells, part },
    async run({ needs, signal, progress, checkpoints }) {
      const plane = await planeOf(plan, needs[0]!);
      const places: PlaneCoordinates[] = [...plane.coordinates];
      for await (const { x, y } of projections(context, plan, plane, needs[1]!)) {
        places.push({ x, y });
      }
      const grid = planeGrid(places, { cells: plan.cells });
      const data = {
        train: firstImages(images.train, plan.images.train),
        test: firstImages(images.test, plan.images.test),
      };
      const saved = await checkpoints.read("surface.json");
      const model = vgg(network, 0);
      try {
        const numbers = await surface(
          plane,
          async (weights) => {
            const { train, test } = await evaluateWeights(model, weights, data, {
              batchNorm: { x: images.train.x },
              signal,
            });
            return { train: capped(train.loss), test: capped(test.loss) };
          },
          {
            x: through(
              grid.x,
              plane.coordinates.map(({ x }) => x),
            ),
            y: through(
              grid.y,
              plane.coordinates.map(({ y }) => y),
            ),
            part,
            ...(saved && { resume: JSON.parse(new TextDecoder().decode(saved)) }),
            async onCell(sofar, done, total) {
              await checkpoints.write(
                "surface.json",
                new TextEncoder().encode(JSON.stringify(sofar)),
              );
              progress(done / total, `${name}, cell ${done} of ${total}`);
            },
            signal,
          },
        );
        return { numbers, weights: {} };
      } finally {
        model.dispose();
      }
    },
  };
}

/** Ticks of which the nearest ones are moved so that every place is one of them. */
export function through(ticks: ArrayLike<number>, places: readonly number[]): number[] {
  const moved = Array.from(ticks);
  const taken = new Set<number>();
  for (const place of new Set(places)) {
    let nearest = -1;
    for (const [i, tick] of moved.entries()) {
      if (taken.has(i)) continue;
      if (nearest < 0 || Math.abs(tick - place) < Math.abs(moved[nearest]! - place)) nearest = i;
    }
    taken.add(nearest);
    moved[nearest] = place;
  }
  return moved.sort((a, b) => a - b);
}

/** Where the iterates lie on the plane, and how much of their loss is seen there, as a job. */
export function iteratesJob(context: FamilyContext, plan: PlanePlan): Job<MeasuredIterates> {
  const { family, network, images } = context;
  const name = `${family}-iterates-${plan.curve.label}`;
  return {
    name,
    needs: needsOf(plan),
    configuration: configurationOf(context, plan),
    async run({ needs, signal, progress }) {
      const plane = await planeOf(plan, needs[0]!);
      const data = { train: firstImages(images.train, plan.images.train) };
      const model = vgg(network, 0);
      const lossAt = async (weights: Float32Array) => {
        const options = { batchNorm: { x: images.train.x }, signal };
        return capped((await evaluateWeights(model, weights, data, options)).train.loss);
      };
      const iterates: ProjectedIterate[] = [];
      try {
        for await (const one of projections(context, plan, plane, needs[1]!)) {
          const { epoch, weights, x, y, residual, relativeResidual } = one;
          iterates.push({
            epoch,
            x,
            y,
            residual,
            relativeResidual,
            loss: await lossAt(weights),
            lossOnPlane: await lossAt(plane.at(x, y)),
          });
          progress(iterates.length / plan.iterates.length, `${name}, epoch ${epoch}`);
        }
      } finally {
        model.dispose();
      }
      return { numbers: { corners: plane.coordinates, iterates }, weights: {} };
    },
  };
}

import { accuracyNoise, decide, every, exactly, type Finding, type Verdict } from "./verdicts.js";
import type { RunName } from "./warmupFamily.js";

/** Test accuracy of one seed's runs after each epoch, as fractions. */
export interface SeedAccuracy<Run extends RunName> {
  readonly accuracy: Readonly<Record<Run, readonly number[]>>;
  /** Epochs that the warmup lasts. */
  readonly warmupEpochs: number;
  readonly testImages: number;
}

/** How far one run's layers got between the start and the end of the warmup. */
export interface LayerChange {
  /** Mean SVCCA of the FC layers between the two moments, in [0, 1]. */
  readonly similarityFc: number;
  /** The same of the last three convolutions. */
  readonly similarityConvolutions: number;
  /** Mean over the FC layers of ‖ΔW‖/‖W‖. */
  readonly relativeChangeFc: number;
}

/** The runs of X9 in one seed. */
export interface SeedChange {
  readonly change: Readonly<Record<"SB" | "LB" | "LB+W", LayerChange>>;
}

/** SVCCA means of a handful of layers that differ by less are called equal (our threshold). */
const SIMILARITY_NOISE = 0.02;

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
const number = (value: number) => value.toFixed(2);

const afterWarmup = <Run extends RunName>(seed: SeedAccuracy<Run>, run: Run) =>
  seed.accuracy[run][seed.warmupEpochs - 1]!;

/** `higher` exceeds `lower` by at least `points` percentage points; negative points allow it to stay behind. */
function ahead(higher: number, lower: number, points: number, images: number): Verdict {
  return decide(higher - lower - points / 100, accuracyNoise(higher, lower, images));
}

/** X9.a: without warmup the FC stack of the large batch strays further from its start than with it. */
export function fcStackStraysWithoutWarmup({ change }: SeedChange): Finding {
  const [lb, warm] = [change.LB.similarityFc, change["LB+W"].similarityFc];
  return {
    verdict: decide(warm - lb, SIMILARITY_NOISE),
    ours: `${number(lb)} against ${number(warm)}`,
  };
}

/** X9.b: and further than with small batches. */
export function fcStackStraysMoreThanSmallBatch({ change }: SeedChange): Finding {
  const [lb, sb] = [change.LB.similarityFc, change.SB.similarityFc];
  return {
    verdict: decide(sb - lb, SIMILARITY_NOISE),
    ours: `${number(lb)} against ${number(sb)}`,
  };
}

/** X9.c: similarity rises from the last convolutions to the FC stack with warmup and small batches, not without. */
export function similarityRisesInLastLayers({ change }: SeedChange): Finding {
  const rise = ({ similarityFc, similarityConvolutions }: LayerChange) =>
    similarityFc - similarityConvolutions;
  return {
    verdict: every([
      decide(rise(change["LB+W"]), SIMILARITY_NOISE),
      decide(rise(change.SB), SIMILARITY_NOISE),
      decide(-rise(change.LB), SIMILARITY_NOISE),
    ]),
    ours: (["LB+W", "SB", "LB"] as const)
      .map(
        (run) =>
          `${run} ${rise(change[run]) >= 0 ? "+" : "−"}${number(Math.abs(rise(change[run])))}`,
      )
      .join(", "),
  };
}

/** X9.d: at the end of the warmup it is more than 2 points ahead. */
export function warmupIsAheadAtItsEnd(seed: SeedAccuracy<"LB" | "LB+W">): Finding {
  const lb = afterWarmup(seed, "LB");
  const warm = afterWarmup(seed, "LB+W");
  return {
    verdict: ahead(warm, lb, 2, seed.testImages),
    ours: `${percent(lb)} against ${percent(warm)}`,
  };
}

/** X9.e: at the end the large batch with warmup is no worse than without, and within 2 points of small batches. */
export function warmupReachesSmallBatch({
  accuracy,
  testImages,
}: SeedAccuracy<"SB" | "LB" | "LB+W">): Finding {
  const [lb, warm, sb] = [accuracy.LB.at(-1)!, accuracy["LB+W"].at(-1)!, accuracy.SB.at(-1)!];
  return {
    verdict: every([
      ahead(warm, lb, 0, testImages),
      ahead(warm, sb, -2, testImages),
      ahead(sb, warm, -2, testImages),
    ]),
    ours: `LB ${percent(lb)}, LB+W ${percent(warm)}, SB ${percent(sb)}`,
  };
}

/** X9.f: without warmup the weights of the FC stack change more than twice as much. */
export function fcStackMovesTwiceAsFar({ change }: SeedChange): Finding {
  const [lb, warm] = [change.LB.relativeChangeFc, change["LB+W"].relativeChangeFc];
  // A tenth of the ratio: what one more or less weight of a small layer can do.
  return {
    verdict: decide(lb / warm - 2, 0.1),
    ours: `${number(lb)} against ${number(warm)}: × ${number(lb / warm)}`,
  };
}

/** X9.g: the learning rates of the paper's schedule at update 200 and at epochs 60, 120, 150. */
export function scheduleIsExact(rates: readonly number[]): Finding {
  const expected = [2.5, 0.25, 0.025, 0.0025];
  return {
    verdict: exactly(
      rates.length === expected.length &&
        rates.every((rate, i) => Math.abs(rate / expected[i]! - 1) < 1e-12),
    ),
    ours: rates.map((rate) => Number(rate.toPrecision(12))).join(", "),
  };
}

/** X10.a: at the end of the warmup the frozen stack keeps up with it, within `points`. */
export function freezingKeepsUpWithWarmup(
  seed: SeedAccuracy<"LB+W" | "LB+freeze">,
  points: number,
): Finding {
  const freeze = afterWarmup(seed, "LB+freeze");
  const warm = afterWarmup(seed, "LB+W");
  return {
    verdict: ahead(freeze, warm, -points, seed.testImages),
    ours: `${percent(freeze)} against ${percent(warm)}`,
  };
}

/** X10.b: and is more than 2 points ahead of the large batch that has neither. */
export function freezingIsAheadOfLargeBatch(seed: SeedAccuracy<"LB" | "LB+freeze">): Finding {
  const freeze = afterWarmup(seed, "LB+freeze");
  const lb = afterWarmup(seed, "LB");
  return {
    verdict: ahead(freeze, lb, 2, seed.testImages),
    ours: `${percent(freeze)} against ${percent(lb)}`,
  };
}

/** X10.c: after the warmup the two trajectories stay within `points` of each other on average. */
export function trajectoriesStayTogether(
  seed: SeedAccuracy<"LB+W" | "LB+freeze">,
  points: number,
): Finding {
  const freeze = seed.accuracy["LB+freeze"].slice(seed.warmupEpochs);
  const warm = seed.accuracy["LB+W"].slice(seed.warmupEpochs);
  const mean = (of: (freeze: number, warm: number) => number) =>
    freeze.reduce((sum, value, i) => sum + of(value, warm[i]!), 0) / freeze.length;
  const apart = mean((a, b) => Math.abs(a - b));
  // The held-out images are the same in each epoch, so that their noise does not average out.
  const noise = mean((a, b) => accuracyNoise(a, b, seed.testImages));
  return {
    verdict: decide(points / 100 - apart, noise),
    ours: `${(100 * apart).toFixed(1)} points apart`,
  };
}

/** X10.d: frozen weights are the same bits before and after. */
export function frozenWeightsAreUntouched(before: Float32Array, after: Float32Array): Finding {
  const bits = (values: Float32Array) =>
    new Uint32Array(values.buffer, values.byteOffset, values.length);
  const [a, b] = [bits(before), bits(after)];
  const changed = a.reduce((total, word, i) => total + (word === b[i] ? 0 : 1), 0);
  return {
    verdict: exactly(a.length > 0 && a.length === b.length && changed === 0),
    ours: `${changed} of ${a.length} weights changed`,
  };
}

import { mean } from "./mean.js";
import {
  accuracyNoise,
  decide,
  decimal,
  every,
  exactly,
  type Finding,
  points as inPoints,
  measure,
  type NumberFormat,
  percent,
  type Verdict,
} from "./verdicts.js";
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

const signed: NumberFormat = (value, error) =>
  (value >= 0 ? "+" : "−") + decimal(Math.abs(value), error);

/** One number against another. */
const against = (verdict: Verdict, format: NumberFormat, a: number, b: number): Finding =>
  measure(verdict, [a, b], format, (texts) => texts.join(" against "));

const afterWarmup = <Run extends RunName>(seed: SeedAccuracy<Run>, run: Run) =>
  seed.accuracy[run][seed.warmupEpochs - 1]!;

/** `higher` exceeds `lower` by at least `points` percentage points; negative points allow it to stay behind. */
function ahead(higher: number, lower: number, points: number, images: number): Verdict {
  return decide(higher - lower - points / 100, accuracyNoise(higher, lower, images));
}

/** X9.a: without warmup the FC stack of the large batch strays further from its start than with it. */
export function fcStackStraysWithoutWarmup({ change }: SeedChange): Finding {
  const [lb, warm] = [change.LB.similarityFc, change["LB+W"].similarityFc];
  return against(decide(warm - lb, SIMILARITY_NOISE), decimal, lb, warm);
}

/** X9.b: and further than with small batches. */
export function fcStackStraysMoreThanSmallBatch({ change }: SeedChange): Finding {
  const [lb, sb] = [change.LB.similarityFc, change.SB.similarityFc];
  return against(decide(sb - lb, SIMILARITY_NOISE), decimal, lb, sb);
}

/** X9.c: similarity rises from the last convolutions to the FC stack with warmup and small batches, not without. */
export function similarityRisesInLastLayers({ change }: SeedChange): Finding {
  const runs = ["LB+W", "SB", "LB"] as const;
  const rises = runs.map((run) => change[run].similarityFc - change[run].similarityConvolutions);
  const [warm, sb, lb] = rises as [number, number, number];
  return measure(
    every([warm, sb, -lb].map((rise) => decide(rise, SIMILARITY_NOISE))),
    rises,
    signed,
    (texts) => runs.map((run, i) => `${run} ${texts[i]}`).join(", "),
  );
}

/** X9.d: at the end of the warmup it is more than 2 points ahead. */
export function warmupIsAheadAtItsEnd(seed: SeedAccuracy<"LB" | "LB+W">): Finding {
  const lb = afterWarmup(seed, "LB");
  const warm = afterWarmup(seed, "LB+W");
  return against(ahead(warm, lb, 2, seed.testImages), percent, lb, warm);
}

/** X9.e: at the end the large batch with warmup is no worse than without, and within 2 points of small batches. */
export function warmupReachesSmallBatch({
  accuracy,
  testImages,
}: SeedAccuracy<"SB" | "LB" | "LB+W">): Finding {
  const [lb, warm, sb] = [accuracy.LB.at(-1)!, accuracy["LB+W"].at(-1)!, accuracy.SB.at(-1)!];
  return measure(
    every([
      ahead(warm, lb, 0, testImages),
      ahead(warm, sb, -2, testImages),
      ahead(sb, warm, -2, testImages),
    ]),
    [lb, warm, sb],
    percent,
    (texts) => `LB ${texts[0]}, LB+W ${texts[1]}, SB ${texts[2]}`,
  );
}

/** X9.f: without warmup the weights of the FC stack change more than twice as much. */
export function fcStackMovesTwiceAsFar({ change }: SeedChange): Finding {
  const [lb, warm] = [change.LB.relativeChangeFc, change["LB+W"].relativeChangeFc];
  // A tenth of the ratio: what one more or less weight of a small layer can do.
  return measure(
    decide(lb / warm - 2, 0.1),
    [lb, warm, lb / warm],
    decimal,
    (texts) => `${texts[0]} against ${texts[1]}: × ${texts[2]}`,
  );
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
  return against(ahead(freeze, warm, -points, seed.testImages), percent, freeze, warm);
}

/** X10.b: and is more than 2 points ahead of the large batch that has neither. */
export function freezingIsAheadOfLargeBatch(seed: SeedAccuracy<"LB" | "LB+freeze">): Finding {
  const freeze = afterWarmup(seed, "LB+freeze");
  const lb = afterWarmup(seed, "LB");
  return against(ahead(freeze, lb, 2, seed.testImages), percent, freeze, lb);
}

/** X10.c: after the warmup the two trajectories stay within `points` of each other on average. */
export function trajectoriesStayTogether(
  seed: SeedAccuracy<"LB+W" | "LB+freeze">,
  points: number,
): Finding {
  const freeze = seed.accuracy["LB+freeze"].slice(seed.warmupEpochs);
  const warm = seed.accuracy["LB+W"].slice(seed.warmupEpochs);
  const overEpochs = (of: (freeze: number, warm: number) => number) =>
    mean(freeze.map((value, i) => of(value, warm[i]!)));
  const apart = overEpochs((a, b) => Math.abs(a - b));
  // The held-out images are the same in each epoch, so that their noise does not average out.
  const noise = overEpochs((a, b) => accuracyNoise(a, b, seed.testImages));
  return measure(
    decide(points / 100 - apart, noise),
    [apart],
    inPoints,
    ([text]) => `${text} apart`,
  );
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

import {
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSignal,
  rangeError,
  typeError,
} from "../internal/checks.js";
import type { StopSignal } from "../internal/stopSignal.js";
import { type Barrier, type BarrierOptions, barrier, type LossProfile } from "./barrier.js";
import { positionsOfPath } from "./positions.js";

/** What is measured at one position of a path. */
export interface PathMeasurement {
  /** Mean loss. */
  readonly loss: number;
  /** The loss of every single example, at all positions or at none (see {@link LossProfile}). */
  readonly exampleLosses?: ArrayLike<number>;
}

export interface FindBarrierOptions extends BarrierOptions {
  /**
   * Where to measure first: this many positions at equal distances, an integer >= 3, or these, strictly
   * increasing from 0 to 1. @defaultValue 25
   */
  positions?: number | readonly number[];
  /** How often to look closer at the highest place, an integer from 0 to 20. @defaultValue 2 */
  refinements?: number;
  /** Called after each measurement; `total` is the largest number there can be. */
  onProgress?: (done: number, total: number) => void;
  /** An `AbortSignal`. Stops before the next measurement; the promise is rejected with the signal's reason. */
  signal?: StopSignal;
}

/** Positions that a refinement adds: two in the cell before the highest place and two in the one after it. */
const ADDED = 4;

/**
 * The barrier on a path, measured on a grid that gets finer around the highest place.
 *
 * Each refinement divides the two cells beside the position of the largest excess into thirds, so that the place
 * found after r refinements is as good as on a grid that is 3^r times as fine; at an end there is one such cell.
 * Every position is measured once. The height stays a lower bound: a second peak that the first grid misses is
 * not looked for.
 *
 * @param measure - Gives the loss at position t of the path, or a promise of it. Two measurements never overlap.
 * @param options - See {@link FindBarrierOptions}.
 * @returns The `barrier` and the `profile` of all that was measured, in the order of t.
 * @throws RangeError (the promise is rejected) if positions do not run from 0 to 1, a loss is not finite, or example
 * losses do not fit it; TypeError for another kind of value; what `measure` throws.
 * @example
 * ```ts
 * import { findBarrier } from "closerlook/curves";
 * const loss = (t: number) => 1 - (t - 0.43) ** 2;
 * const { barrier, profile } = await findBarrier((t) => ({ loss: loss(t) }), { positions: 5 });
 * barrier.at.toFixed(4); // "0.4167"
 * profile.t.length; // 13
 * ```
 * @see {@link barrier} for the definitions; Gotmare et al. 2019, footnote 3.
 */
export async function findBarrier(
  measure: (t: number) => PathMeasurement | Promise<PathMeasurement>,
  options: FindBarrierOptions = {},
): Promise<{ readonly barrier: Barrier; readonly profile: LossProfile }> {
  const where = "findBarrier";
  checkFunction(where, "measure", measure, "a function from t to { loss }");
  checkOptions(where, options, ["positions", "refinements", "definition", "onProgress", "signal"]);
  const { positions = 25, refinements = 2, definition = "max", onProgress, signal } = options;
  const grid = gridOf(where, positions);
  checkInteger(where, "refinements", refinements, { min: 0, max: 20 });
  checkOneOf(where, "definition", definition, ["max", "mean", "chord"]);
  if (onProgress !== undefined) checkFunction(where, "onProgress", onProgress, "a function");
  checkSignal(where, signal);

  const total = grid.length + ADDED * refinements;
  const measured = new Map<number, PathMeasurement>();
  const measureAt = async (positions: readonly number[]): Promise<void> => {
    for (const t of positions) {
      signal?.throwIfAborted();
      const measurement = await measure(t);
      checkMeasurement(where, t, measurement, measured.values().next().value);
      measured.set(t, measurement);
      onProgress?.(measured.size, total);
    }
  };

  await measureAt(grid);
  for (let round = 0; round < refinements; round++) {
    const { t, loss } = profileOf(measured);
    const highest = t.indexOf(barrier({ t, loss }, { definition }).at);
    const cells = [highest - 1, highest].filter((k) => k >= 0 && k + 1 < t.length);
    const thirds = cells.flatMap((k) => {
      const [from, to] = [t[k]!, t[k + 1]!];
      return [1 / 3, 2 / 3].map((share) => from + share * (to - from));
    });
    // Between neighbouring numbers there is none.
    await measureAt(thirds.filter((t) => !measured.has(t)));
  }
  const profile = profileOf(measured);
  return { barrier: barrier(profile, { definition }), profile };
}

function gridOf(where: string, positions: number | readonly number[]): number[] {
  if (typeof positions !== "number") return positionsOfPath(where, "positions", positions);
  checkInteger(where, "positions", positions, { min: 3, max: 1e6 });
  return Array.from({ length: positions }, (_, i) => i / (positions - 1));
}

function checkMeasurement(
  where: string,
  t: number,
  measurement: PathMeasurement,
  first: PathMeasurement | undefined,
): void {
  if (typeof measurement !== "object" || measurement === null) {
    throw typeError(where, `measure(${t})`, "an object with a loss", measurement);
  }
  checkNumber(where, `the loss at t = ${t}`, measurement.loss);
  const has = measurement.exampleLosses !== undefined;
  const must = first && first.exampleLosses !== undefined;
  if (must !== undefined && has !== must) {
    const all = must ? "given, as at the other positions" : "absent, as at the other positions";
    throw rangeError(where, `exampleLosses at t = ${t}`, all, has ? "some" : "none");
  }
}

/** All measurements in the order of t. */
function profileOf(measured: ReadonlyMap<number, PathMeasurement>) {
  const inOrder = [...measured].sort(([a], [b]) => a - b);
  return {
    t: inOrder.map(([t]) => t),
    loss: inOrder.map(([, { loss }]) => loss),
    ...(inOrder[0]![1].exampleLosses && {
      exampleLosses: inOrder.map(([, { exampleLosses }]) => exampleLosses!),
    }),
  };
}

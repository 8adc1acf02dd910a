import {
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { Random } from "../internal/random.js";
import { weightedSum } from "../internal/weightedSum.js";

/** Where the bends of a curve begin off the straight line: at distances drawn from a normal distribution. */
export interface NoisyLine {
  /** The same seed gives the same bends. */
  readonly seed: number;
  /** Standard deviation of what is added to each weight of each bend, a finite number >= 0. */
  readonly standardDeviation: number;
}

export interface CurveOptions {
  /** Weights at t = 0. */
  start: Float32Array;
  /** Weights at t = 1, as many. */
  end: Float32Array;
  /**
   * Number K − 1 of bends between the ends, an integer >= 0; 0 is a line segment.
   * @defaultValue 1, or as many as `initial` has
   */
  bends?: number;
  /**
   * Where the bends begin: on the straight line, bend j at start + (j / K)(end − start); there with Gaussian
   * noise added; or at the given weights, one vector for each bend, which are copied. @defaultValue "linear"
   */
  initial?: "linear" | readonly Float32Array[] | NoisyLine;
}

/** The ends and the bends between them, all copies. */
export function controlPoints(
  where: string,
  options: CurveOptions,
  mostBends: number,
): readonly Float32Array[] {
  checkOptions(where, options, ["start", "end", "bends", "initial"]);
  const { initial = "linear" } = options;
  const given = Array.isArray(initial) ? (initial as readonly Float32Array[]) : undefined;
  const { bends = given?.length ?? 1 } = options;
  const start = checkWeights(where, "start", options.start);
  const end = checkWeights(where, "end", options.end, start.length);
  const pieces = checkInteger(where, "bends", bends, { min: 0, max: mostBends }) + 1;
  if (given && given.length !== bends) {
    throw rangeError(where, "the number of initial bends", `${bends}, as bends says`, given.length);
  }
  const addNoise = given || initial === "linear" ? undefined : noise(where, initial);
  return Array.from({ length: pieces + 1 }, (_, j) => {
    const isBend = j > 0 && j < pieces;
    if (isBend && given) {
      return checkWeights(where, `initial[${j - 1}]`, given[j - 1], start.length).slice();
    }
    const point = weightedSum([1 - j / pieces, j / pieces], [start, end]);
    if (isBend) addNoise?.(point, j);
    return point;
  });
}

/** Each bend has random numbers of its own, whatever the number of the others. */
function noise(where: string, initial: unknown) {
  if (typeof initial !== "object" || initial === null) {
    const must = '"linear", an array of weights, or { seed, standardDeviation }';
    throw typeError(where, "initial", must, initial);
  }
  checkOptions(where, initial, ["seed", "standardDeviation"]);
  const { seed, standardDeviation } = initial as NoisyLine;
  checkInteger(where, "initial.seed", seed);
  checkNumber(where, "initial.standardDeviation", standardDeviation, { min: 0 });
  return (point: Float32Array, j: number): void => {
    const random = new Random(seed, `bend ${j}`);
    for (let i = 0; i < point.length; i++) point[i]! += standardDeviation * random.normal();
    checkWeights(where, `bend ${j} with its noise`, point);
  };
}

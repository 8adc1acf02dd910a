import { checkOneOf, checkOptions, rangeError } from "../internal/checks.js";
import type { Dense, MatrixLike, RealMatrix } from "../internal/matrix.js";
import { centre, centredOperand } from "./centre.js";
import { toActivationsPair } from "./matrix.js";
import { areTied, averageRanks, kendallTauB, type Ranks, ranksOf } from "./ranks.js";
import { pairsOf, squaredDistances } from "./squaredDistances.js";

export interface RsaOptions {
  /**
   * How far apart two examples are, over the neurons: `"squaredEuclidean"`, `"euclidean"`, `"correlation"`
   * (1 − Pearson's correlation) or `"cosine"` (1 − cosine).
   * @defaultValue "squaredEuclidean"
   */
  readonly distance?: "squaredEuclidean" | "euclidean" | "correlation" | "cosine";
  /**
   * How alike two lists of distances are: `"pearson"`, `"spearman"` (Pearson's correlation of the ranks), `"kendall"`
   * (τ-b) or `"cosine"` (of the angle between the lists, without centring).
   * @defaultValue "spearman"
   */
  readonly compare?: "pearson" | "spearman" | "kendall" | "cosine";
}

export interface RsaResult {
  /** In [−1, 1], with `compare: "cosine"` in [0, 1]; 0 where it is undefined: see `constantX`. */
  readonly similarity: number;
  /** Expected similarity when the examples of one side are shuffled, exactly: 0 except for `compare: "cosine"`. */
  readonly chance: number;
  /** Number of distances that were compared: n(n − 1)/2. */
  readonly pairs: number;
  /** All distances of `x` are equal, so that there is nothing to compare (with `"cosine"`: unless they are not 0). */
  readonly constantX: boolean;
  /** All distances of `y` are equal. */
  readonly constantY: boolean;
  /**
   * Indices of the examples of `x` without a pattern: with `distance: "correlation"` those that are the same in every
   * neuron, with `"cosine"` those that are 0 in every neuron. Their distance to every other example counts as 1.
   */
  readonly flatX: readonly number[];
  /** Indices of the examples of `y` without a pattern. */
  readonly flatY: readonly number[];
  /** Indices of the neurons of `x` that are the same for every example. */
  readonly deadX: readonly number[];
  /** Indices of the neurons of `y` that are the same for every example. */
  readonly deadY: readonly number[];
}

/**
 * Representational similarity analysis: how alike the distances between the examples are.
 *
 *     similarity = compare(d, e),    d = { distance(xᵢ, xⱼ) },   e = { distance(yᵢ, yⱼ) },   j < i
 *
 * d and e are the upper halves of the representational dissimilarity matrices. With the Euclidean distances it is
 * invariant to orthogonal maps and shifts of the neurons and to isotropic scaling; ranks (`"spearman"`, `"kendall"`)
 * also to any increasing function of the distances, so that both Euclidean distances are then the same. Distances that
 * agree to 11 digits count as tied. `"kendall"` is τ-b = (concordant − discordant)/√((m − tiedX)(m − tiedY)).
 *
 * Memory and time grow with the square of the number of examples n: about 16n² bytes, and O(n² log n) for `"kendall"`.
 * 1 000 examples take a fraction of a second, 5 000 examples seconds.
 *
 * @param x - Activations `[examples, neurons]`, at least 3 examples.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws RangeError if the numbers of examples differ, there are fewer than 3, or a value is not finite; TypeError if
 * an argument is not a matrix.
 * @example
 * ```ts
 * import { rsa } from "closerlook/similarity";
 *
 * const x = [[0], [1], [3]]; // distances 1, 3, 2
 * const y = [[0], [1], [4]]; // distances 1, 4, 3
 * rsa(x, y).similarity; // 1 — in the same order
 * rsa(x, [[0], [2], [1]], { compare: "kendall" }).similarity; // -0.816496580927726 — distances 2, 1, 1: −2/√(3·2)
 * ```
 * @see Kriegeskorte, Mur, Bandettini 2008; comparators: Nili et al. 2014.
 */
export function rsa(x: MatrixLike, y: MatrixLike, options: RsaOptions = {}): RsaResult {
  checkRsaOptions("rsa", options);
  const [a, b] = toActivationsPair("rsa", x, y);
  const prepared = prepareRsa("rsa", "x", a, options);
  return compareRsa(prepared, prepareRsa("rsa", "y", b, options), options);
}

export function checkRsaOptions(where: string, options: RsaOptions, others: string[] = []): void {
  checkOptions(where, options, ["distance", "compare", ...others]);
  const { distance = "squaredEuclidean", compare = "spearman" } = options;
  checkOneOf(where, "distance", distance, [
    "squaredEuclidean",
    "euclidean",
    "correlation",
    "cosine",
  ]);
  checkOneOf(where, "compare", compare, ["pearson", "spearman", "kendall", "cosine"]);
}

/** One side of a comparison, with all that depends on it alone. */
export interface PreparedRsa {
  /** The distances as a vector of length 1 whose inner products are the similarity (0 if undefined), or as ranks. */
  readonly profile: Float64Array | Ranks;
  readonly constant: boolean;
  readonly flat: readonly number[];
  readonly dead: readonly number[];
}

export function prepareRsa(
  where: string,
  name: string,
  x: RealMatrix,
  { distance = "squaredEuclidean", compare = "spearman" }: RsaOptions,
): PreparedRsa {
  if (x.rows < 3) {
    throw rangeError(where, name, "a matrix of at least 3 rows (examples)", x.rows);
  }
  const { distances, flat, dead } =
    distance === "correlation" || distance === "cosine"
      ? directionDistances(x, distance === "correlation")
      : euclideanDistances(x, distance === "euclidean");
  const constant = isConstant(distances);
  return { profile: profileOf(distances, compare, constant), constant, flat, dead };
}

export function compareRsa(x: PreparedRsa, y: PreparedRsa, { compare }: RsaOptions): RsaResult {
  return {
    ...compareProfiles(x.profile, y.profile, compare === "cosine"),
    constantX: x.constant,
    constantY: y.constant,
    flatX: x.flat,
    flatY: y.flat,
    deadX: x.dead,
    deadY: y.dead,
  };
}

type Profile = PreparedRsa["profile"];

function compareProfiles(x: Profile, y: Profile, notCentred: boolean) {
  if ("group" in x && "group" in y) {
    return { similarity: kendallTauB(x, y), chance: 0, pairs: x.group.length };
  }
  const [u, v] = [x as Float64Array, y as Float64Array];
  let product = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < u.length; i++) {
    product += u[i]! * v[i]!;
    sumX += u[i]!;
    sumY += v[i]!;
  }
  // A shuffle of the examples brings any distance to any place equally often.
  const chance = notCentred ? Math.min(1, (sumX * sumY) / u.length) : 0;
  return { similarity: Math.min(1, Math.max(-1, product)), chance, pairs: u.length };
}

/** Distances of all pairs of examples j < i, row by row, up to a common factor. */
interface Distances {
  readonly distances: Float64Array;
  readonly flat: readonly number[];
  readonly dead: readonly number[];
}

function euclideanDistances(x: RealMatrix, root: boolean): Distances {
  const centred = centre(x);
  const squares = squaredDistances(centred);
  return { distances: root ? squares.map(Math.sqrt) : squares, flat: [], dead: centred.dead };
}

/** 1 − u·v = ‖u − v‖²/2 of the examples at length 1, which keeps all digits of small distances. */
function directionDistances(x: RealMatrix, centred: boolean): Distances {
  const { dead } = centredOperand(x);
  const units = { ...x, data: Float64Array.from(x.data) };
  const flat = toUnitRows(units, centred);
  // Angles below 1e-13 are rounding: parallel examples have the distance 0.
  const distances = squaredDistances(units).map((square) => (square < 1e-26 ? 0 : square / 2));
  for (const i of flat) {
    for (let j = 0; j < x.rows; j++) if (i !== j) distances[pairOf(i, j)] = 1;
  }
  return { distances, flat, dead };
}

const pairOf = (i: number, j: number) => pairsOf(Math.max(i, j)) + Math.min(i, j);

/** Brings each row to length 1, in place, its mean removed before if `centred`; returns the rows where nothing is left. */
function toUnitRows({ data, rows, columns }: Dense, centred: boolean): number[] {
  const flat: number[] = [];
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    const still = centred ? row[0]! : 0;
    if (row.every((value) => value === still)) {
      row.fill(0);
      flat.push(i);
      continue;
    }
    scaleToOne(row);
    if (centred) {
      removeMean(row);
      scaleToOne(row);
    }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < columns; k++) row[k]! /= norm;
  }
  return flat;
}

/** Divides by a power of two, so that the largest number is near 1 and squares neither over- nor underflow. */
function scaleToOne(row: Float64Array): void {
  const largest = row.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const power = 2 ** Math.floor(Math.log2(largest));
  for (let k = 0; k < row.length; k++) row[k]! /= power;
}

/** Twice, since the mean of numbers far from zero is not a double: the second pass removes what its rounding left. */
function removeMean(values: Float64Array): void {
  for (let pass = 0; pass < 2; pass++) {
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    for (let k = 0; k < values.length; k++) values[k]! -= mean;
  }
}

function isConstant(distances: Float64Array): boolean {
  let smallest = distances[0]!;
  let largest = distances[0]!;
  for (const value of distances) {
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  return areTied(smallest, largest);
}

function profileOf(
  distances: Float64Array,
  compare: NonNullable<RsaOptions["compare"]>,
  constant: boolean,
): Profile {
  if (compare === "cosine") return toUnit(distances);
  if (compare === "kendall") return ranksOf(distances);
  if (constant) return new Float64Array(distances.length);
  return standardized(compare === "pearson" ? distances : averageRanks(ranksOf(distances)));
}

function standardized(values: Float64Array): Float64Array {
  removeMean(values);
  return toUnit(values);
}

function toUnit(values: Float64Array): Float64Array {
  let square = 0;
  for (const value of values) square += value * value;
  if (square === 0) return values;
  const norm = Math.sqrt(square);
  return values.map((value) => value / norm);
}

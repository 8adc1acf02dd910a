import { show } from "../internal/checks.js";
import type { Dense } from "../internal/matrix.js";
import type { Prepared } from "./canonical.js";
import type { MapsAs } from "./convSvcca.js";
import type { MapsReference } from "./layerStatisticsFeatures.js";
import {
  type LaidOutLayer,
  type LaidOutPair,
  type Layout,
  mapSize,
} from "./layerStatisticsLayout.js";
import type { Moments } from "./layerStatisticsMoments.js";
import { linearAlgebra, scaleColumns } from "./linearAlgebra.js";
import { type Origin, Reduced, reduceGram, type Spread, type Truncation } from "./reduce.js";

/** All that has been gathered. */
export interface Gathered {
  readonly layout: Layout;
  readonly as: MapsAs | undefined;
  readonly moments: Moments;
  /** By the index of a layer's first feature matrix. */
  readonly references: ReadonlyMap<number, MapsReference>;
}

/** One feature matrix, ready for any measure. */
export interface Side {
  readonly layer: LaidOutLayer;
  readonly feature: number;
  readonly examples: number;
  /** Neurons without variation, and those with nothing but rounding errors: their rows and columns are 0. */
  readonly dead: readonly number[];
  readonly gram: Dense;
  readonly exponent: number;
  /** Size of a singular value below which it is rounding errors of earlier steps. */
  readonly noise: number;
}

/** A side reduced to the directions that take part; the basis of these is beyond reach, but its map is there. */
export interface ReducedSide extends Prepared {
  readonly side: Side;
}

/** Makes each value when first asked for. */
export function once<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    if (!known.has(key)) known.set(key, make(key));
    return known.get(key)!;
  };
}

export function sideOf(gathered: Gathered, feature: number): Side {
  const { layout, moments, references, as } = gathered;
  const layers = [...layout.layersX, ...layout.layersY];
  const layer = layers.findLast(({ firstFeature }) => firstFeature <= feature)!;
  const { columns, minimum, maximum, scatter, exponent } = moments.features[feature]!;
  const { height, width, channels } = mapSize(layer.shape);
  const positions = height * width;
  const reference = references.get(layer.firstFeature);
  const gram = { data: scatter, rows: columns, columns };
  const side = { layer, feature, examples: moments.rows, gram, exponent, noise: 0 };
  if (!reference) {
    const dead = indices(columns, (j) => minimum[j] === maximum[j]);
    return { ...side, dead };
  }
  if (as === "dft") {
    // By Parseval all frequencies together have the norm of the maps; each carries a few ε of it as rounding. In two
    // steps, since the power of two alone may leave the range of doubles.
    const size = (8 * Number.EPSILON * reference.norm) / Math.sqrt(positions);
    const noise = size * 2 ** -Math.floor(exponent / 2) * 2 ** -Math.ceil(exponent / 2);
    const dead = indices(columns, (j) => channelSquare(gram, channels, j) <= noise * noise);
    return { ...side, dead, gram: without(gram, dead, dead), noise };
  }
  // Means over positions may differ by nothing but rounding: those of the same values in another order.
  const dead = indices(columns, (j) => {
    const rounding = 2 * positions * Number.EPSILON * reference.sizes[j]!;
    return maximum[j]! - minimum[j]! <= rounding;
  });
  // Pooled values are halved.
  return { ...side, dead, gram: without(gram, dead, dead), exponent: exponent + 1 };
}

const indices = (count: number, keep: (j: number) => boolean): number[] =>
  Array.from({ length: count }, (_, j) => j).filter(keep);

/** Of the real and imaginary parts of the channel that column j belongs to. */
function channelSquare({ data, columns }: Dense, channels: number, j: number): number {
  let square = 0;
  for (let k = j % channels; k < columns; k += channels) square += data[k * columns + k]!;
  return square;
}

/** Σ (x − x̄)(y − ȳ)ᵀ of a pair. */
export function scatterOf(gathered: Gathered, x: Side, y: Side, { pair }: LaidOutPair): Dense {
  const { scatter } = gathered.moments.pairs[pair]!;
  const all = { data: scatter, rows: x.gram.columns, columns: y.gram.columns };
  return gathered.references.size > 0 ? without(all, x.dead, y.dead) : all;
}

/** With rows and columns set to 0. */
function without(a: Dense, rows: readonly number[], columns: readonly number[]): Dense {
  if (rows.length === 0 && columns.length === 0) return a;
  const data = a.data.slice();
  for (const i of rows) data.fill(0, i * a.columns, (i + 1) * a.columns);
  for (const j of columns) for (let at = j; at < data.length; at += a.columns) data[at] = 0;
  return { ...a, data };
}

export interface Reduction {
  /** What is compared, for messages. */
  readonly where: string;
  readonly measure: string;
  readonly truncation: Truncation;
  readonly regularization: number;
}

/**
 * The directions of a side that take part.
 *
 * @param gram - That of the side; for a complex one its real form, in which all directions come in pairs.
 * @throws RangeError where they cannot be told from rounding errors.
 */
export function reduceSide(
  side: Side,
  gram: Dense,
  paired: boolean,
  reduction: Reduction,
): ReducedSide {
  const { truncation, regularization } = reduction;
  const { examples, exponent, dead, noise } = side;
  const most = Math.min((paired ? 2 : 1) * (examples - 1), gram.columns - dead.length);
  const source = { data: new Float64Array(0), rows: examples, columns: gram.columns };
  const finish = (spread: Spread, map: Dense) => ({
    side,
    centred: { ...source, exponent, dead },
    reduced: new Reduced(source, spread, "gram", { map }),
  });
  if (most === 0) {
    const nothing = { singularValues: new Float64Array(0), rank: 0, kept: 0, variance: 0 };
    return finish(nothing, { data: new Float64Array(0), rows: gram.columns, columns: 0 });
  }
  const found =
    regularization > 0
      ? reduceRegularized(gram, most, regularization)
      : reduceTruncated(gram, most, truncation, { noise, paired });
  if (!found) throw uncertain(reduction, side.layer);
  const { vectors, ...spread } = found;
  scaleColumns(vectors, (j) => 1 / spread.singularValues[j]!);
  return finish(spread, vectors);
}

/** Below this fraction of the largest, eigenvalues of a Gram matrix of as many columns may be rounding errors. */
const resolution = (columns: number) => 8 * columns * Number.EPSILON;

function reduceTruncated(gram: Dense, most: number, truncation: Truncation, origin: Origin) {
  const { variance = 1, components } = truncation;
  // Values that the Gram matrix does not show do not bear on which directions hold 99 % of the variance, but on how
  // many there are in all.
  const visible = () => {
    const { values } = linearAlgebra.symmetricEigen(gram, 0);
    const floor = Math.max(resolution(gram.columns) * values[0]!, (origin.noise ?? 0) ** 2);
    const count = values.filter((value) => value > floor).length;
    const rank = Math.min(most, origin.paired ? count + (count % 2) : count);
    return values.subarray(0, rank).map((value) => Math.sqrt(Math.max(0, value)));
  };
  const all = variance === 1 && components === undefined;
  const found = reduceGram(gram, most, truncation, origin, all ? undefined : visible);
  const wanted = (origin.paired ? 2 : 1) * (components ?? 0);
  const cut = found && found.kept < Math.min(wanted, most);
  return cut ? undefined : found;
}

/** As in `reduce`: an orthonormal basis through a Gram matrix is right down to the first, a rank down to the second. */
const SAFE_EIGENVALUE = 1e-6;
const CERTAIN_EIGENVALUE = 1e-10;

/** All directions; a ridge keeps small ones from being divided by rounding errors, but does not tell how many there are. */
function reduceRegularized(gram: Dense, rank: number, regularization: number) {
  const { values, vectors } = linearAlgebra.symmetricEigen(gram, rank);
  const first = values[0]!;
  const last = values[rank - 1]!;
  const certain = last > CERTAIN_EIGENVALUE * first;
  if (!certain || last + regularization * first < SAFE_EIGENVALUE * first) return undefined;
  const singularValues = values.slice(0, rank).map(Math.sqrt);
  return { singularValues, rank, kept: rank, variance: 1, vectors };
}

function uncertain({ where, measure, regularization }: Reduction, { name, side }: LaidOutLayer) {
  const least = regularization > 0 ? CERTAIN_EIGENVALUE : SAFE_EIGENVALUE;
  return new RangeError(
    `${where}: layer ${show(name)} of ${side} must have at least ${least} of its largest variance in every direction ` +
      `for "${measure}" from statistics, got less (dependent neurons?): sums of squares cannot tell that from rounding ` +
      `errors. Use "svcca" with fewer directions, ${regularization > 0 ? "" : "or a regularization of 1e-6 or more, "}` +
      "or compare the activations themselves",
  );
}

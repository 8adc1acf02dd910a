import type { RealMatrix } from "../internal/matrix.js";
import { linearAlgebra, type Operand } from "./linearAlgebra.js";

/**
 * Sums over examples from which every linear measure follows, for several feature matrices of the same examples and
 * for some pairs of them.
 *
 * Examples arrive in blocks. Each block is centred about its own mean and joined to the sums by the formula of parallel
 * variances, so that only squares are added: nothing cancels, however untypical the first examples were. All sums are
 * in units of powers of two that keep them away from the ends of the doubles.
 */
export interface Moments {
  rows: number;
  readonly features: readonly FeatureMoments[];
  readonly pairs: readonly PairMoments[];
}

/** One feature matrix: columns are neurons, x an example, x̄ the mean. */
interface FeatureMoments {
  readonly columns: number;
  /** `mean`, `scatter` and the sums of the partners are in units of 2 to this power. */
  exponent: number;
  /** Where numbers are counted from: the mean of the first block. */
  readonly shift: Float64Array;
  /** x̄ − shift. */
  readonly mean: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  /** Σ (x − x̄)(x − x̄)ᵀ. */
  readonly scatter: Float64Array;
  /** Itself first, then what it is paired with; none where nothing of the fourth order is wanted. */
  readonly partners: readonly PartnerMoments[];
}

/** What the debiased measures need of a feature matrix beside another (or itself), y; t is the shift of y. */
interface PartnerMoments {
  readonly feature: number;
  /** Σ |y − t|² (x − shift). */
  readonly weighted: Float64Array;
  /** Σ |y − t|² |x − shift|². */
  squares: number;
}

interface PairMoments {
  readonly x: number;
  readonly y: number;
  /** Σ (x − x̄)(y − ȳ)ᵀ. */
  readonly scatter: Float64Array;
}

/** Which feature matrices there are, and which of them are compared. */
export interface Wiring {
  readonly columns: readonly number[];
  readonly pairs: readonly (readonly [x: number, y: number])[];
  /** Whether sums of the fourth order are kept. */
  readonly debiased: boolean;
}

/** The exponent as long as no two examples differ: below that of any difference of doubles. */
export const NO_SPREAD = -1200;
/** The unit stays while numbers are below 2 to this power of it; their fourth powers are far from overflow. */
const HEADROOM = 64;

export function emptyMoments({ columns, pairs, debiased }: Wiring): Moments {
  const partnersOf = (f: number) => [
    f,
    ...pairs.filter(([x]) => x === f).map(([, y]) => y),
    ...pairs.filter(([, y]) => y === f).map(([x]) => x),
  ];
  return {
    rows: 0,
    features: columns.map((size, f) => ({
      columns: size,
      exponent: NO_SPREAD,
      shift: new Float64Array(size),
      mean: new Float64Array(size),
      minimum: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
      maximum: new Float64Array(size).fill(Number.NEGATIVE_INFINITY),
      scatter: new Float64Array(size * size),
      partners: debiased
        ? partnersOf(f).map((feature) => ({
            feature,
            weighted: new Float64Array(size),
            squares: 0,
          }))
        : [],
    })),
    pairs: pairs.map(([x, y]) => ({
      x,
      y,
      scatter: new Float64Array(columns[x]! * columns[y]!),
    })),
  };
}

export const copyMoments = ({ rows, features, pairs }: Moments): Moments => ({
  rows,
  features: features.map((feature) => ({
    ...feature,
    shift: feature.shift.slice(),
    mean: feature.mean.slice(),
    minimum: feature.minimum.slice(),
    maximum: feature.maximum.slice(),
    scatter: feature.scatter.slice(),
    partners: feature.partners.map((partner) => ({
      ...partner,
      weighted: partner.weighted.slice(),
    })),
  })),
  pairs: pairs.map((pair) => ({ ...pair, scatter: pair.scatter.slice() })),
});

/**
 * Adds examples.
 *
 * @param blocks - The same rows of each feature matrix; only read.
 */
export function addBlock(moments: Moments, blocks: readonly RealMatrix[]): void {
  const { features, rows: before } = moments;
  const { rows } = blocks[0]!;
  const measured = features.map((feature, f) => {
    const columns = measure(blocks[f]!);
    widen(feature, columns);
    if (before === 0) feature.shift.set(columns.means);
    return columns;
  });
  const units = features.map((feature, f) => unitOf(feature.shift, measured[f]!));
  raiseExponents(
    moments,
    units.map(({ exponent }) => exponent),
  );
  const shifted = features.map((feature, f) =>
    countBlock(feature, blocks[f]!, measured[f]!, units[f]!.unit),
  );
  addFourthOrder(features, shifted);
  // What the means of the examples before and of the block differ by counts as one more example of this weight.
  const weight = (before / (before + rows)) * rows;
  const differences = features.map(({ mean }, f) =>
    shifted[f]!.mean.map((value, j) => value - mean[j]!),
  );
  const grow = (into: Float64Array, x: number, y: number) => {
    const [a, b] = [shifted[x]!.aboutOwnMean, shifted[y]!.aboutOwnMean];
    const products = x === y ? linearAlgebra.gram(a) : linearAlgebra.crossProduct(a, b);
    addScatter(into, products.data, weight, differences[x]!, differences[y]!);
  };
  features.forEach(({ scatter }, f) => {
    grow(scatter, f, f);
  });
  for (const { x, y, scatter } of moments.pairs) grow(scatter, x, y);
  features.forEach(({ mean }, f) => {
    for (let j = 0; j < mean.length; j++)
      mean[j]! += differences[f]![j]! * (rows / (before + rows));
  });
  moments.rows += rows;
}

/** Smallest and largest value of each column. */
interface Ranges {
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
}

/** The columns of a block; means in two parts, the second what rounding left of the first. */
interface Columns extends Ranges {
  readonly means: Float64Array;
  readonly rests: Float64Array;
}

function measure(block: RealMatrix): Columns {
  const {
    smallest: minimum,
    largest: maximum,
    means,
    rests,
  } = linearAlgebra.columnStatistics(block);
  for (let j = 0; j < means.length; j++) {
    // A constant column leaves no rounding errors.
    if (minimum[j] === maximum[j]) {
      means[j] = minimum[j]!;
      rests[j] = 0;
    }
    // A sum of numbers near the largest double may leave the range, where any point between the ends will do.
    if (!Number.isFinite(means[j]! + rests[j]!)) {
      means[j] = minimum[j]! / 2 + maximum[j]! / 2;
      rests[j] = 0;
    }
  }
  return { minimum, maximum, means, rests };
}

function widen(into: Ranges, { minimum, maximum }: Ranges): void {
  for (let j = 0; j < minimum.length; j++) {
    if (minimum[j]! < into.minimum[j]!) into.minimum[j] = minimum[j]!;
    if (maximum[j]! > into.maximum[j]!) into.maximum[j] = maximum[j]!;
  }
}

/**
 * How differences from the shift are taken. Near the largest double they could overflow: both are first divided by 2 to
 * the power `unit`. `exponent` is that of the largest difference; rounding is monotonic, so that the ends of the ranges
 * tell it.
 */
function unitOf(shift: Float64Array, { minimum, maximum }: Ranges) {
  let largest = 0;
  for (let j = 0; j < shift.length; j++) {
    largest = Math.max(largest, Math.abs(shift[j]!), Math.abs(minimum[j]!), Math.abs(maximum[j]!));
  }
  const unit = largest > 2 ** 1000 ? 60 : largest < 2 ** -900 ? -100 : 0;
  const factor = 2 ** -unit;
  let spread = 0;
  for (let j = 0; j < shift.length; j++) {
    const from = shift[j]! * factor;
    spread = Math.max(
      spread,
      Math.abs(minimum[j]! * factor - from),
      Math.abs(maximum[j]! * factor - from),
    );
  }
  return { unit, exponent: spread > 0 ? unit + Math.floor(Math.log2(spread)) : NO_SPREAD };
}

/** Larger units where numbers have outgrown those in use. */
function raiseExponents(moments: Moments, wanted: readonly number[], headroom = HEADROOM): void {
  const { features, pairs } = moments;
  const factors = features.map((feature, f) => {
    if (wanted[f]! <= feature.exponent + headroom) return 1;
    const factor = 2 ** (feature.exponent - wanted[f]!);
    feature.exponent = wanted[f]!;
    return factor;
  });
  if (factors.every((factor) => factor === 1)) return;
  features.forEach(({ mean, scatter, partners }, f) => {
    scale(mean, factors[f]!);
    scale(scatter, factors[f]! ** 2);
    for (const partner of partners) {
      const square = factors[partner.feature]! ** 2;
      scale(partner.weighted, factors[f]! * square);
      partner.squares *= factors[f]! ** 2 * square;
    }
  });
  for (const { x, y, scatter } of pairs) scale(scatter, factors[x]! * factors[y]!);
}

function scale(values: Float64Array, factor: number): void {
  if (factor === 1) return;
  for (let at = 0; at < values.length; at++) values[at]! *= factor;
}

/** A block in the units of the sums. */
interface CountedBlock {
  readonly aboutShift: Operand;
  readonly aboutOwnMean: Operand;
  /** Squared lengths of the rows about the shift; empty where nothing of the fourth order is wanted. */
  readonly norms: Float64Array;
  /** Of the block, counted from the shift. */
  readonly mean: Float64Array;
}

function countBlock(
  { shift, exponent, partners }: FeatureMoments,
  block: RealMatrix,
  measured: Columns,
  unit: number,
): CountedBlock {
  const into = 2 ** -unit;
  const inRange =
    unit === 0 ? block : { ...block, data: Float64Array.from(block.data, (v) => v * into) };
  const { means, rests } = unit === 0 ? measured : measure(inRange);
  const origin = unit === 0 ? shift : shift.map((value) => value * into);
  // Without any spread all differences are 0, whatever the unit.
  const scale = exponent === NO_SPREAD ? 1 : 2 ** (unit - exponent);
  const about = (point: Float64Array, remainder: Float64Array): Operand => ({
    ...inRange,
    shift: { means: point, rests: remainder, scale },
  });
  return {
    aboutShift: about(origin, new Float64Array(origin.length)),
    aboutOwnMean: about(means, rests),
    norms: partners.length > 0 ? rowNorms(inRange, origin, scale) : new Float64Array(0),
    mean: means.map((value, j) => (value - origin[j]! + rests[j]!) * scale),
  };
}

function rowNorms({ data, rows, columns }: RealMatrix, origin: Float64Array, scale: number) {
  const norms = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let norm = 0;
    for (let j = 0; j < columns; j++, at++) {
      const value = (data[at]! - origin[j]!) * scale;
      norm += value * value;
    }
    norms[i] = norm;
  }
  return norms;
}

function addFourthOrder(
  features: readonly FeatureMoments[],
  blocks: readonly CountedBlock[],
): void {
  features.forEach(({ columns, partners }, f) => {
    if (partners.length === 0) return;
    const { aboutShift, norms } = blocks[f]!;
    const { rows } = aboutShift;
    const weights = new Float64Array(rows * partners.length);
    partners.forEach((partner, k) => {
      const others = blocks[partner.feature]!.norms;
      for (let i = 0; i < rows; i++) {
        weights[i * partners.length + k] = others[i]!;
        partner.squares += norms[i]! * others[i]!;
      }
    });
    const { data } = linearAlgebra.crossProduct(aboutShift, {
      data: weights,
      rows,
      columns: partners.length,
    });
    partners.forEach(({ weighted }, k) => {
      for (let j = 0; j < columns; j++) weighted[j]! += data[j * partners.length + k]!;
    });
  });
}

/** The sums over the examples of both, which are used up. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  // The shift of the larger part is the better one for all.
  const [into, from] = a.rows >= b.rows ? [a, b] : [b, a];
  countFrom(
    from,
    into.features.map(({ shift }) => shift),
  );
  const exponents = into.features.map(({ exponent }, f) =>
    Math.max(exponent, from.features[f]!.exponent),
  );
  raiseExponents(into, exponents, 0);
  raiseExponents(from, exponents, 0);
  const total = into.rows + from.rows;
  const weight = (into.rows / total) * from.rows;
  const differences = into.features.map(({ mean }, f) =>
    from.features[f]!.mean.map((value, j) => value - mean[j]!),
  );
  into.features.forEach((feature, f) => {
    const other = from.features[f]!;
    widen(feature, other);
    addScatter(feature.scatter, other.scatter, weight, differences[f]!, differences[f]!);
    for (let j = 0; j < feature.columns; j++) {
      feature.mean[j]! += differences[f]![j]! * (from.rows / total);
    }
    feature.partners.forEach((partner, k) => {
      const { weighted, squares } = other.partners[k]!;
      partner.squares += squares;
      for (let j = 0; j < feature.columns; j++) partner.weighted[j]! += weighted[j]!;
    });
  });
  into.pairs.forEach(({ x, y, scatter }, k) => {
    addScatter(scatter, from.pairs[k]!.scatter, weight, differences[x]!, differences[y]!);
  });
  into.rows = total;
  return into;
}

/** `into += scatter + weight·x yᵀ`. */
function addScatter(
  into: Float64Array,
  scatter: Float64Array,
  weight: number,
  x: Float64Array,
  y: Float64Array,
): void {
  for (let i = 0, at = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++, at++) into[at]! += scatter[at]! + weight * (x[i]! * y[j]!);
  }
}

/** Moves the shifts. */
function countFrom(moments: Moments, shifts: readonly Float64Array[]): void {
  const { features } = moments;
  const units = features.map(({ shift }, f) =>
    unitOf(shift, { minimum: shifts[f]!, maximum: shifts[f]! }),
  );
  raiseExponents(
    moments,
    units.map(({ exponent }) => exponent),
  );
  const moves = features.map(({ shift, exponent }, f) => {
    const { unit, exponent: size } = units[f]!;
    if (size === NO_SPREAD) return new Float64Array(shift.length);
    const into = 2 ** -unit;
    return shift.map((value, j) => (value * into - shifts[f]![j]! * into) * 2 ** (unit - exponent));
  });
  const moved = features.map(({ partners }, f) =>
    partners.map(({ feature: g }, k) => moveFourthOrder(moments, f, k, moves[f]!, moves[g]!)),
  );
  features.forEach(({ shift, mean, partners }, f) => {
    shift.set(shifts[f]!);
    for (let j = 0; j < mean.length; j++) mean[j]! += moves[f]![j]!;
    partners.forEach((partner, k) => {
      partner.weighted.set(moved[f]![k]!.weighted);
      partner.squares = moved[f]![k]!.squares;
    });
  });
}

/**
 * The sums of the fourth order with x counted from a point that lies `moveX` back from the shift, y from one that lies
 * `moveY` back: |y + E|²(x + D) and |x + D|²|y + E|² multiplied out.
 */
function moveFourthOrder(
  moments: Moments,
  f: number,
  k: number,
  moveX: Float64Array,
  moveY: Float64Array,
) {
  const { rows: n } = moments;
  const x = moments.features[f]!;
  const partner = x.partners[k]!;
  const g = partner.feature;
  const y = moments.features[g]!;
  const back = y.partners.find(({ feature }) => feature === f)!;
  const squaresX = trace(x) + n * dot(x.mean, x.mean);
  const squaresY = trace(y) + n * dot(y.mean, y.mean);
  const alongX = dot(x.mean, moveX);
  const alongY = dot(y.mean, moveY);
  const moveX2 = dot(moveX, moveX);
  const moveY2 = dot(moveY, moveY);
  const turned = scatterTimes(moments, f, g, moveY);
  const weighted = partner.weighted.map(
    (sum, j) =>
      sum +
      moveX[j]! * (squaresY + n * (2 * alongY + moveY2)) +
      2 * turned[j]! +
      x.mean[j]! * n * (2 * alongY + moveY2),
  );
  const squares =
    partner.squares +
    2 * dot(back.weighted, moveY) +
    2 * dot(partner.weighted, moveX) +
    moveY2 * squaresX +
    moveX2 * squaresY +
    4 * (dot(moveX, turned) + n * alongX * alongY) +
    n * (2 * moveY2 * alongX + 2 * moveX2 * alongY + moveX2 * moveY2);
  return { weighted, squares };
}

/** Σ |x − x̄|² |y − ȳ|², in the units of both; `y` is `x` or a feature matrix that it is paired with. */
export function centredSquares(moments: Moments, x: number, y: number): number {
  const k = moments.features[x]!.partners.findIndex(({ feature }) => feature === y);
  const back = (f: number) => moments.features[f]!.mean.map((value) => -value);
  return moveFourthOrder(moments, x, k, back(x), back(y)).squares;
}

/** Σ |x − x̄|². */
export function trace({ scatter, columns }: FeatureMoments): number {
  let sum = 0;
  for (let at = 0; at < scatter.length; at += columns + 1) sum += scatter[at]!;
  return sum;
}

/** Σ (x − x̄)(y − ȳ)ᵀ · vector. */
function scatterTimes(moments: Moments, f: number, g: number, vector: Float64Array): Float64Array {
  const rows = moments.features[f]!.columns;
  const columns = moments.features[g]!.columns;
  const result = new Float64Array(rows);
  const reversed = moments.pairs.find(({ x, y }) => x === g && y === f);
  const scatter =
    f === g
      ? moments.features[f]!.scatter
      : (reversed ?? moments.pairs.find(({ x, y }) => x === f && y === g)!).scatter;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[i]! += scatter[reversed && f !== g ? j * rows + i : i * columns + j]! * vector[j]!;
    }
  }
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

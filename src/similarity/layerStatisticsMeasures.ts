import { checkOneOf, checkOptions, rangeError, show } from "../internal/checks.js";
import type { Dense } from "../internal/matrix.js";
import { type CanonicalResult, clip, mean, ridgeWeights, sides } from "./canonical.js";
import { type CcaOptions, checkCcaOptions } from "./cca.js";
import { type CkaOptions, type CkaResult, checkCkaOptions } from "./cka.js";
import { type DftCcaResult, type FrequencyCorrelations, overFrequencies } from "./dftCca.js";
import { type LaidOutLayer, type LaidOutPair, mapSize } from "./layerStatisticsLayout.js";
import { centredSquares, type Moments, trace } from "./layerStatisticsMoments.js";
import {
  type Gathered,
  once,
  type ReducedSide,
  type Reduction,
  reduceSide,
  type Side,
  scatterOf,
  sideOf,
} from "./layerStatisticsSides.js";
import { linearAlgebra, scaleColumns } from "./linearAlgebra.js";
import type { ProcrustesResult } from "./procrustes.js";
import { type PwccaResult, projectionWeighted } from "./pwcca.js";
import type { Reduced } from "./reduce.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";

/** A measure that follows from statistics, with its own options. */
export type LayerStatisticsMeasure =
  | ({ readonly measure?: "svcca" } & SvccaOptions)
  | ({ readonly measure: "cca" | "pwcca" } & CcaOptions)
  | ({ readonly measure: "cka" } & Pick<CkaOptions, "debiased"> & { readonly kernel?: "linear" })
  | { readonly measure: "procrustes" };

export type LayerComparison =
  | CanonicalResult
  | PwccaResult
  | CkaResult
  | ProcrustesResult
  | DftCcaResult;

/** Compares the i-th layer of x with some of y; the work on a layer is done once. */
type CompareRow = (i: number, columns: readonly number[]) => readonly LayerComparison[];

const MEASURES = ["svcca", "cca", "pwcca", "cka", "procrustes"] as const;

const NEEDS_ALL_PAIRS =
  "It needs all pairs of examples at once: take it of a sample of the activations";

/** Checks the options and gives the comparison, with the name of the measure. */
export function comparisonOf(
  where: string,
  options: LayerStatisticsMeasure,
  gathered: Gathered,
): { measure: string; compareRow: CompareRow } {
  const given: unknown = options?.measure;
  if (given === "rsa") {
    throw rangeError(where, "measure", `one of ${MEASURES.join(", ")}`, given, NEEDS_ALL_PAIRS);
  }
  const measure = checkOneOf(where, "measure", given ?? "svcca", MEASURES);
  if (gathered.as === "dft") {
    if (measure !== "svcca" && measure !== "cca") {
      throw new TypeError(`${where}: as must be "samples" or "pooled" for ${measure}, got "dft"`);
    }
    return { measure, compareRow: compareByFrequency(where, measure, options, gathered) };
  }
  const side = once((feature: number) => sideOf(gathered, feature));
  const row =
    (compare: (x: Side, cells: readonly Cell[]) => readonly LayerComparison[]): CompareRow =>
    (i, columns) => {
      const cells = columns.map((j) => {
        const [pair] = gathered.layout.pairs[i]![j]!;
        const [x, y] = [side(pair!.x), side(pair!.y)];
        return { y, scatter: scatterOf(gathered, x, y, pair!) };
      });
      return compare(side(gathered.layout.layersX[i]!.firstFeature), cells);
    };
  const oneByOne = (compare: (x: Side, y: Side, scatter: Dense) => LayerComparison) =>
    row((x, cells) => cells.map(({ y, scatter }) => compare(x, y, scatter)));
  if (options.measure === "procrustes") {
    checkOptions(where, options, ["measure"]);
    return { measure, compareRow: oneByOne(procrustesOf) };
  }
  if (options.measure === "cka") {
    const debiased = checkCka(where, options, gathered.moments.rows);
    return {
      measure,
      compareRow: oneByOne((x, y, scatter) =>
        ckaOf(where, x, y, scatter, gathered.moments, debiased),
      ),
    };
  }
  const wanted = reductionOf(where, measure, options);
  const { regularization } = wanted;
  const reduced = once((one: Side) => reduceSide(one, one.gram, false, wanted));
  const compareRow =
    options.measure === "pwcca"
      ? oneByOne((x, y, scatter) => pwccaOf(reduced(x), reduced(y), scatter, regularization))
      : row((x, cells) =>
          canonicalRow(
            reduced(x),
            cells.map(({ y, scatter }) => ({ y: reduced(y), scatter })),
            regularization,
          ),
        );
  return { measure, compareRow };
}

/** The other side of a comparison, and Xᵀ Y. */
interface Cell<Y = Side> {
  readonly y: Y;
  readonly scatter: Dense;
}

function checkCka(where: string, options: CkaOptions, examples: number): boolean {
  checkCkaOptions(where, options, ["measure"]);
  const { kernel, debiased = false } = options;
  if (kernel === "rbf") throw rangeError(where, "kernel", '"linear"', kernel, NEEDS_ALL_PAIRS);
  if (debiased && examples < 4) {
    throw new RangeError(
      `${where}: there must be at least 4 examples if debiased, got ${examples}`,
    );
  }
  return debiased;
}

function reductionOf(where: string, measure: string, options: LayerStatisticsMeasure): Reduction {
  if (options.measure === "cca" || options.measure === "pwcca") {
    checkCcaOptions(where, options, ["measure"]);
    const { regularization = 0 } = options;
    return { where, measure, truncation: { variance: 1 }, regularization };
  }
  const truncation = svccaTruncation(where, options as SvccaOptions, 0.99, ["measure"]);
  return { where, measure, truncation, regularization: 0 };
}

/** Uxᵀ Uy, from Wxᵀ (Xᵀ Y) Wy. */
const overlapOf = (x: Reduced, y: Reduced, scatter: Dense, regularization: number): Dense =>
  linearAlgebra.crossProduct(
    ridged(x, regularization),
    linearAlgebra.product(scatter, ridged(y, regularization)),
  );

/** The map to the basis vectors, with the weights that a ridge puts on these. */
function ridged(reduced: Reduced, regularization: number): Dense {
  const map = reduced.map!;
  if (regularization === 0) return map;
  const weighted = { ...map, data: map.data.slice() };
  scaleColumns(weighted, ridgeWeights(reduced, regularization));
  return weighted;
}

/** All overlaps first, since threads share the singular values of several matrices. */
function canonicalRow(
  x: ReducedSide,
  cells: readonly Cell<ReducedSide>[],
  regularization: number,
): CanonicalResult[] {
  const overlaps = cells.map(({ y, scatter }) =>
    overlapOf(x.reduced, y.reduced, scatter, regularization),
  );
  return linearAlgebra.singularValuesOfAll(overlaps).map((values, k) => {
    const correlations = values.map(clip);
    return { similarity: mean(correlations), correlations, ...sides(x, cells[k]!.y) };
  });
}

function pwccaOf(
  x: ReducedSide,
  y: ReducedSide,
  scatter: Dense,
  regularization: number,
): PwccaResult {
  const product = overlapOf(x.reduced, y.reduced, scatter, regularization);
  return projectionWeighted(product, sides(x, y), (left) => {
    // Uxᵀ X = Wxᵀ (Xᵀ X).
    const coordinates = linearAlgebra.product(x.side.gram, ridged(x.reduced, regularization));
    return linearAlgebra.product(coordinates, left);
  });
}

function sumOfSquares({ data }: Dense): number {
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum += data[at]! * data[at]!;
  return sum;
}

/** Where less than this of its terms is left of a difference, they have lost too many digits. */
const SAFE_REMAINDER = 1e-6;

function ckaOf(
  where: string,
  x: Side,
  y: Side,
  scatter: Dense,
  moments: Moments,
  debiased: boolean,
): CkaResult {
  const n = x.examples;
  const traceOf = ({ feature }: Side) => trace(moments.features[feature]!);
  const inner = (a: Side, b: Side, between: Dense): number => {
    const square = sumOfSquares(between);
    if (!debiased) return square;
    const diagonals = (n / (n - 2)) * centredSquares(moments, a.feature, b.feature);
    const value = square - diagonals + (traceOf(a) * traceOf(b)) / ((n - 1) * (n - 2));
    if (a === b && value < SAFE_REMAINDER * (square + diagonals)) throw outlying(where, a.layer);
    return value;
  };
  const isDead = ({ dead, gram }: Side) => dead.length === gram.columns;
  const described = { deadX: x.dead, deadY: y.dead };
  if (isDead(x) || isDead(y)) return { similarity: 0, chance: 0, ...described };
  const norm = Math.sqrt(inner(x, x, x.gram)) * Math.sqrt(inner(y, y, y.gram));
  const raw = inner(x, y, scatter) / norm;
  return {
    similarity: debiased ? Math.min(1, raw) : clip(raw),
    chance: debiased ? 0 : Math.min(1, (traceOf(x) * traceOf(y)) / ((n - 1) * norm)),
    ...described,
  };
}

const outlying = (where: string, { name, side }: LaidOutLayer) =>
  new RangeError(
    `${where}: layer ${show(name)} of ${side} must have examples of like size for debiased "cka" from statistics, got ` +
      "some that hold nearly all of its variance: their sums drown those of the others. Leave these examples out, or " +
      "compare the activations themselves",
  );

/** In sums of squares a small distance is a difference of large numbers: right to about 1e-8 of the norms. */
function procrustesOf(x: Side, y: Side, scatter: Dense): ProcrustesResult {
  const traceOf = ({ gram: { data, columns } }: Side) => {
    let sum = 0;
    for (let at = 0; at < data.length; at += columns + 1) sum += data[at]!;
    return sum;
  };
  const [normX, normY] = [Math.sqrt(traceOf(x)), Math.sqrt(traceOf(y))];
  const nuclear = linearAlgebra.singularValues(scatter).reduce((sum, value) => sum + value, 0);
  const exponent = Math.max(x.exponent, y.exponent);
  const factorX = 2 ** (x.exponent - exponent);
  const factorY = 2 ** (y.exponent - exponent);
  const squared = (normX * factorX) ** 2 + (normY * factorY) ** 2 - 2 * nuclear * factorX * factorY;
  const distance = Math.sqrt(Math.max(0, squared)) * 2 ** exponent;
  const normalized =
    normX > 0 && normY > 0
      ? Math.min(2, Math.max(0, 2 - (2 * nuclear) / (normX * normY)))
      : Math.sign(normX + normY);
  return {
    distance,
    squared: distance ** 2,
    normalized,
    angle: 2 * Math.asin(Math.min(1, Math.sqrt(normalized) / 2)),
    deadX: x.dead,
    deadY: y.dead,
  };
}

/** One (complex) comparison for each frequency. */
function compareByFrequency(
  where: string,
  measure: string,
  options: LayerStatisticsMeasure,
  gathered: Gathered,
): CompareRow {
  const wanted = reductionOf(where, measure, options);
  if (wanted.regularization > 0) {
    throw rangeError(where, "regularization", '0 with as: "dft"', wanted.regularization);
  }
  const channelsOf = ({ layer }: Side) => mapSize(layer.shape).channels;
  const reduced = once((feature: number) => {
    const side = sideOf(gathered, feature);
    const channels = channelsOf(side);
    const complex = side.gram.columns > channels;
    const gram = complex ? realForm(side.gram, channels, channels) : side.gram;
    return reduceSide(side, gram, complex, wanted);
  });
  const overlapAt = (pair: LaidOutPair): Dense => {
    const [x, y] = [reduced(pair.x), reduced(pair.y)];
    const parts = scatterOf(gathered, x.side, y.side, pair);
    const complex = pair.frequency!.weight === 2;
    const scatter = complex ? realForm(parts, channelsOf(x.side), channelsOf(y.side)) : parts;
    return overlapOf(x.reduced, y.reduced, scatter, 0);
  };
  const describe = (pair: LaidOutPair, values: Float64Array): FrequencyCorrelations => {
    const [x, y] = [reduced(pair.x).reduced, reduced(pair.y).reduced];
    const frequency = pair.frequency!;
    // The real form of a complex matrix has every direction and every correlation twice.
    const times = frequency.weight;
    const correlations = values.map(clip).filter((_, i) => i % times === 0);
    return {
      ...frequency,
      similarity: mean(correlations),
      correlations,
      keptX: x.kept / times,
      keptY: y.kept / times,
      rankX: x.rank / times,
      rankY: y.rank / times,
      varianceX: x.variance,
      varianceY: y.variance,
      method: "gram",
    };
  };
  const deadOf = (layer: LaidOutLayer): number[] => {
    const { sizes } = gathered.references.get(layer.firstFeature)!;
    return Array.from(sizes.keys()).filter((channel) => sizes[channel] === 0);
  };
  const { layersX, layersY, pairs } = gathered.layout;
  return (i, columns) =>
    columns.map((j) => {
      const cell = pairs[i]![j]!;
      const values = linearAlgebra.singularValuesOfAll(cell.map(overlapAt));
      const compared = cell.map((pair, k) => describe(pair, values[k]!));
      return {
        ...overFrequencies(compared, gathered.moments.rows),
        deadX: deadOf(layersX[i]!),
        deadY: deadOf(layersY[j]!),
      };
    });
}

/** Z = A + iB as [[A, −B], [B, A]]: ZᴴZ' from [A B]ᵀ[A' B']. */
function realForm({ data }: Dense, p: number, q: number): Dense {
  const result = new Float64Array(4 * p * q);
  const columns = 2 * q;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < q; j++) {
      const real = data[i * columns + j]! + data[(i + p) * columns + j + q]!;
      const imaginary = data[i * columns + j + q]! - data[(i + p) * columns + j]!;
      result[i * columns + j] = real;
      result[(i + p) * columns + j + q] = real;
      result[i * columns + j + q] = -imaginary;
      result[(i + p) * columns + j] = imaginary;
    }
  }
  return { data: result, rows: 2 * p, columns };
}

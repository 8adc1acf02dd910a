import {
  checkFunction,
  checkOneOf,
  checkOptions,
  rangeError,
  show,
  typeError,
} from "../internal/checks.js";
import {
  isShaped,
  type MatrixLike,
  type RealMatrix,
  type ShapedArray,
} from "../internal/matrix.js";
import { canonicalResults, type Prepared, prepareAll } from "./canonical.js";
import { type CcaOptions, checkCcaOptions } from "./cca.js";
import { type Centred, centre } from "./centre.js";
import {
  type CkaOptions,
  checkCkaOptions,
  ckaMeasure,
  compareCka,
  type PreparedCka,
  prepareCka,
} from "./cka.js";
import { imagesOf, type MapsAs, pooled, samples } from "./convSvcca.js";
import { compareMaps, mapsMeasure, type PreparedMaps, prepareMaps } from "./dftCca.js";
import { areMaps, checkSameExamples, type Maps, toActivations, toMaps } from "./matrix.js";
import { compareProcrustes } from "./procrustes.js";
import { comparePwcca } from "./pwcca.js";
import type { Truncation } from "./reduce.js";
import {
  checkResampling,
  type Examples,
  type Interval,
  RESAMPLING_OPTIONS,
  type Resampled,
  type Resampling,
  type ResamplingOptions,
} from "./resampling.js";
import {
  checkRsaOptions,
  compareRsa,
  type PreparedRsa,
  prepareRsa,
  type RsaOptions,
} from "./rsa.js";
import {
  checkShapeOptions,
  compareShapes,
  prepareShape,
  type Shape,
  type ShapeDistanceOptions,
} from "./shapeDistance.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";
import {
  canonicalMeasure,
  projectionMeasure,
  type ResampledMeasure,
  uncertainty,
} from "./uncertainty.js";

/** Activations by layer name, in the order in which they are to be drawn. */
export type Layers =
  | Readonly<Record<string, MatrixLike | ShapedArray>>
  | ReadonlyMap<string, MatrixLike | ShapedArray>;

export interface CommonGridOptions {
  /**
   * How convolutional maps (4-D layers) are read, see `convSvcca`; needed if there are any. `"dft"` goes with the
   * measures `"svcca"` and `"cca"`, and compares a layer that has no positions with the mean of a map.
   */
  readonly as?: MapsAs;
  /** Called after each row of the grid with the number of finished and of all cells. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The measure with its own options. */
export type SimilarityGridOptions = CommonGridOptions &
  (
    | ({ readonly measure?: "svcca" } & SvccaOptions & ResamplingOptions)
    | ({ readonly measure: "cca" | "pwcca" } & CcaOptions & ResamplingOptions)
    | ({ readonly measure: "cka" } & CkaOptions & ResamplingOptions)
    | ({ readonly measure: "rsa" } & RsaOptions)
    | ({ readonly measure: "shapeDistance" } & ShapeDistanceOptions)
    | { readonly measure: "procrustes" }
  );

/** A layer × layer picture as numbers. */
export interface SimilarityGrid {
  readonly measure: string;
  /** Names of the layers of the first model. */
  readonly rows: readonly string[];
  /** Names of the layers of the second model. */
  readonly columns: readonly string[];
  /**
   * `values[i][j]` compares `rows[i]` with `columns[j]`; for `"procrustes"` it is the normalised squared distance,
   * for `"shapeDistance"` the angle.
   */
  readonly values: readonly (readonly number[])[];
  /** What unrelated data would give in each cell; absent for distances, where no closed form is known. */
  readonly chance?: readonly (readonly number[])[];
  /** With `permutations`: how often shuffled examples are at least as similar. */
  readonly pValues?: readonly (readonly number[])[];
  /** With `bootstrap`: where the expected similarity lies at this number of examples. */
  readonly intervals?: readonly (readonly Interval[])[];
}

interface Cell extends Resampled {
  readonly value: number;
  readonly chance?: number;
}

/** A layer as a matrix; positions taken as examples remember whose they are. */
interface Rows extends RealMatrix {
  readonly images?: Examples;
}

/** Any layer as the user gives it. */
type Layer = MatrixLike | ShapedArray;

/** A measure in steps, so that the work on one layer is done once for its whole row or column. */
interface Measure<Read extends Rows | Maps, Prepared> {
  read(label: string, layer: Layer): Read;
  prepare(layers: readonly NamedLayer<Read>[]): readonly Prepared[];
  /** Rows of the grid. */
  compare(rows: readonly Prepared[], columns: readonly Prepared[]): readonly (readonly Cell[])[];
  /** Rows that are prepared and compared together, so that they share work; all at once would take memory. */
  readonly rowsAtATime: number;
  /** Absent where the measure has no p-values and intervals. */
  resampled?(x: Prepared, y: Prepared, examples: Examples): ResampledMeasure;
}

/** Compares one pair of layers at a time. */
const oneByOne = <P>(compare: (x: P, y: P) => Cell) => ({
  compare: (rows: readonly P[], columns: readonly P[]) =>
    rows.map((x) => columns.map((y) => compare(x, y))),
  rowsAtATime: 1,
});

/** Compares reduced layers, several rows together. */
const together = (regularization?: number) => ({
  compare: (rows: readonly Prepared[], columns: readonly Prepared[]) =>
    canonicalResults(rows, columns, regularization).map((row) => row.map(asCell)),
  rowsAtATime: 8,
});

const WHERE = "similarityGrid";
const COMMON = ["measure", "as", "onProgress"];
const RESAMPLED = [...COMMON, ...RESAMPLING_OPTIONS];

/**
 * Compares every layer of one model with every layer of another (or of the same model at another time).
 *
 * The work on a layer is done once; a cell costs one product of two reduced layers. All layers must hold the same
 * examples in the same order. A dead layer gives 0 in its cells, not an error.
 *
 * @param layersX - Activations `[examples, neurons]` by layer name: an object or a `Map` (an object moves names that
 * are whole numbers to the front; a `Map` keeps every order). Maps `[examples, height, width, channels]` need `as`.
 * @param layersY - Activations of the second model on the same examples.
 * @returns Values and their chance levels, as plain arrays that survive `JSON.stringify`.
 * @throws RangeError or TypeError as the measure does, naming the layer.
 * @example
 * ```ts
 * import { similarityGrid } from "closerlook/similarity";
 *
 * const first = { conv: [[1, 0], [0, 1], [-1, 0], [0, -1]], fc: [[1], [2], [3], [5]] };
 * const grid = similarityGrid(first, first);
 * grid.rows; // ["conv", "fc"]
 * grid.values[0][0]; // 1
 * ```
 * @see Gotmare et al. 2019, Figs 5, 6 and 14.
 */
export function similarityGrid(
  layersX: Layers,
  layersY: Layers,
  options: SimilarityGridOptions = {},
): SimilarityGrid {
  const measure = checkOneOf(WHERE, "measure", options?.measure ?? "svcca", [
    "svcca",
    "cca",
    "pwcca",
    "cka",
    "rsa",
    "procrustes",
    "shapeDistance",
  ]);
  const { rows, columns, table } = compareAll(layersX, layersY, options);
  return {
    measure,
    rows,
    columns,
    values: table.map((row) => row.map(({ value }) => value)),
    ...(table[0]![0]!.chance !== undefined && {
      chance: table.map((row) => row.map(({ chance }) => chance!)),
    }),
    ...(table[0]![0]!.pValue !== undefined && {
      pValues: table.map((row) => row.map(({ pValue }) => pValue!)),
    }),
    ...(table[0]![0]!.interval !== undefined && {
      intervals: table.map((row) => row.map(({ interval }) => interval!)),
    }),
  };
}

interface Table {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly table: readonly (readonly Cell[])[];
}

/** Checks the options of the measure and compares with it. */
function compareAll(layersX: Layers, layersY: Layers, options: SimilarityGridOptions): Table {
  const fill = <R extends Rows | Maps, P>(measure: Measure<R, P>) =>
    fillTable(layersX, layersY, options, measure);
  switch (options?.measure) {
    case "procrustes":
      checkOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layers) => layers.map(({ layer }) => centre(layer)),
        ...oneByOne((x: Centred, y: Centred) => ({ value: compareProcrustes(x, y).normalized })),
      });
    case "shapeDistance":
      checkShapeOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layers) => layers.map(({ layer }) => prepareShape(layer, options)),
        ...oneByOne((x: Shape, y: Shape) => ({ value: compareShapes(x, y).angle })),
      });
    case "rsa":
      checkRsaOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layers) =>
          layers.map(({ layer, name }) => prepareRsa(WHERE, `layer "${name}"`, layer, options)),
        ...oneByOne((x: PreparedRsa, y: PreparedRsa) => asCell(compareRsa(x, y, options))),
      });
    case "cka":
      checkCkaOptions(WHERE, options, RESAMPLED);
      return fill({
        ...matricesOf(options),
        prepare: (layers) =>
          layers.map(({ layer, name }) => prepareCka(`${WHERE}: layer "${name}"`, layer, options)),
        ...oneByOne((x: PreparedCka, y: PreparedCka) => asCell(compareCka(x, y, options))),
        resampled: (x, y, examples) => ckaMeasure(x, y, examples, options),
      });
    case "pwcca":
      checkCcaOptions(WHERE, options, RESAMPLED);
      return fill({
        ...matricesOf(options),
        prepare: (layers) => withBases(layers),
        ...oneByOne((x: Prepared, y: Prepared) => asCell(comparePwcca(x, y, options))),
        resampled: (x, y, examples) => projectionMeasure(x, y, examples, options.regularization),
      });
    case "cca":
      checkCcaOptions(WHERE, options, RESAMPLED);
      if (options.as === "dft") {
        if (options.regularization) {
          throw rangeError(WHERE, "regularization", '0 with as: "dft"', options.regularization);
        }
        return fill(frequencyWise({ variance: 1 }));
      }
      return fill({
        ...matricesOf(options),
        prepare: (layers) => withBases(layers),
        ...together(options.regularization),
        resampled: (x, y, examples) => canonicalMeasure(x, y, examples, options.regularization),
      });
    default: {
      const truncation = svccaTruncation(WHERE, options, 0.99, RESAMPLED);
      if (options.as === "dft") return fill(frequencyWise(truncation));
      return fill({
        ...matricesOf(options),
        prepare: (layers) => withBases(layers, truncation),
        ...together(),
        resampled: canonicalMeasure,
      });
    }
  }
}

/** With their bases computed now: in a grid each serves a whole row or column. */
function withBases(
  layers: readonly NamedLayer<RealMatrix>[],
  truncation?: Truncation,
): readonly Prepared[] {
  const prepared = prepareAll(
    layers.map(({ layer }) => layer),
    truncation,
  );
  for (const { reduced } of prepared) reduced.basis;
  return prepared;
}

const asCell = ({ similarity, chance }: { similarity: number; chance: number }): Cell => ({
  value: similarity,
  chance,
});

/** Reads layers as matrices: maps are pooled, or their positions taken as examples. */
function matricesOf({ as, measure = "svcca" }: SimilarityGridOptions) {
  if (as === "dft") {
    throw new TypeError(`${WHERE}: as must be "samples" or "pooled" for ${measure}, got "dft"`);
  }
  return {
    read(label: string, layer: Layer): Rows {
      if (!areMaps(layer)) return toActivations(WHERE, label, layer);
      if (as === undefined) {
        throw new TypeError(
          `${WHERE}: as must be "dft", "samples" or "pooled" for maps such as ${label}, got undefined`,
        );
      }
      const maps = toMaps(WHERE, label, layer);
      return as === "pooled" ? pooled(maps) : { ...samples(maps), images: imagesOf(maps) };
    },
  };
}

/** Compares maps frequency by frequency; a matrix is a map with one position. */
const frequencyWise = (truncation: Truncation): Measure<Maps, PreparedMaps> => ({
  read: (label, layer) =>
    areMaps(layer) ? toMaps(WHERE, label, layer) : onePosition(toActivations(WHERE, label, layer)),
  prepare: (layers) => layers.map(({ layer }) => prepareMaps(layer, truncation)),
  ...oneByOne((x: PreparedMaps, y: PreparedMaps) => asCell(compareMaps(x, y))),
  resampled: mapsMeasure,
});

const onePosition = ({ data, rows, columns }: RealMatrix): Maps => ({
  data,
  examples: rows,
  height: 1,
  width: 1,
  channels: columns,
});

/** A cell with the p-value and the interval that were asked for. */
function resampledCell<Prepared>(
  cell: Cell,
  x: Prepared,
  y: Prepared,
  { resampled }: Pick<Measure<never, Prepared>, "resampled">,
  examples: Examples,
  resampling: Resampling,
): Cell {
  if (!resampled) return cell;
  const measure = resampled(x, y, examples);
  return { ...cell, ...uncertainty(WHERE, cell.value, examples, resampling, measure) };
}

interface NamedLayer<Read> {
  readonly name: string;
  readonly layer: Read;
}

function fillTable<Read extends Rows | Maps, Prepared>(
  layersX: Layers,
  layersY: Layers,
  options: SimilarityGridOptions,
  measure: Measure<Read, Prepared>,
): Table {
  const { as, onProgress } = options;
  const resampling = checkResampling(WHERE, resamplingOf(options));
  if (as !== undefined) checkOneOf(WHERE, "as", as, ["dft", "samples", "pooled"]);
  if (onProgress !== undefined) checkFunction(WHERE, "onProgress", onProgress, "a function");
  const x = readLayers("layersX", layersX, measure);
  const y = readLayers("layersY", layersY, measure);
  checkExamples([...x, ...y]);
  const examples = examplesOf([...x, ...y]);
  const columns = measure.prepare(y);
  const table: Cell[][] = [];
  const { rowsAtATime } = measure;
  for (let first = 0; first < x.length; first += rowsAtATime) {
    const rows = measure.prepare(x.slice(first, first + rowsAtATime));
    for (const [i, cells] of measure.compare(rows, columns).entries()) {
      table.push(
        cells.map((cell, j) =>
          resampledCell(cell, rows[i]!, columns[j]!, measure, examples, resampling),
        ),
      );
      onProgress?.(table.length * y.length, x.length * y.length);
    }
  }
  return { rows: x.map(({ name }) => name), columns: y.map(({ name }) => name), table };
}

/** The options of measures that have p-values and intervals. */
function resamplingOf(options: SimilarityGridOptions): ResamplingOptions {
  switch (options.measure) {
    case "procrustes":
    case "rsa":
    case "shapeDistance":
      return {};
    default:
      return options;
  }
}

function readLayers<Read extends Rows | Maps>(
  argument: string,
  layers: Layers,
  measure: Pick<Measure<Read, unknown>, "read">,
): NamedLayer<Read>[] {
  const isOneLayer = Array.isArray(layers) || isShaped(layers);
  if (typeof layers !== "object" || layers === null || isOneLayer) {
    throw typeError(WHERE, argument, "an object or Map of layers by name", layers);
  }
  const entries: [string, Layer][] = layers instanceof Map ? [...layers] : Object.entries(layers);
  if (entries.length === 0) {
    throw new RangeError(`${WHERE}: ${argument} must have at least 1 layer, got none`);
  }
  return entries.map(([name, layer]) => ({
    name: String(name),
    layer: measure.read(`${argument}[${show(name)}]`, layer),
  }));
}

function checkExamples(layers: readonly NamedLayer<Rows | Maps>[]): void {
  const shapeOf = (layer: Rows | Maps) =>
    "channels" in layer ? { rows: layer.examples, columns: layer.channels } : layer;
  const [first, ...others] = layers;
  for (const { name, layer } of others) {
    const [a, b] = [shapeOf(first!.layer), shapeOf(layer)];
    if (a.rows !== b.rows) checkSamePositions(first!, name, layer);
    checkSameExamples(WHERE, `layer "${first!.name}"`, a, `layer "${name}"`, b);
  }
}

/** With positions as examples, layers of different size have different examples. */
function checkSamePositions(
  first: NamedLayer<Rows | Maps>,
  name: string,
  layer: Rows | Maps,
): void {
  const positionsOf = (one: Rows | Maps) =>
    "channels" in one || !one.images ? 1 : one.rows / one.images.count;
  const [a, b] = [positionsOf(first.layer), positionsOf(layer)];
  if (a === b) return;
  throw new RangeError(
    `${WHERE}: as must be "pooled" or "dft" for layers of different size, got "samples" with ${a} positions per example in ` +
      `layer "${first.name}" and ${b} in layer "${name}". Or choose layers of one size`,
  );
}

/** The examples that all layers share: images, where a layer has its positions as rows. */
function examplesOf(layers: readonly NamedLayer<Rows | Maps>[]): Examples {
  const first = layers[0]!.layer;
  const count = "channels" in first ? first.examples : first.rows;
  let found: { readonly name: string; readonly images: Examples } | undefined;
  for (const { name, layer } of layers) {
    if ("channels" in layer || !layer.images) continue;
    if (found && layer.images.count !== found.images.count) {
      throw new RangeError(
        `${WHERE}: layer "${found.name}" and layer "${name}" must have the same number of images, ` +
          `got ${found.images.count} and ${layer.images.count}`,
      );
    }
    found = { name, images: layer.images };
  }
  return found?.images ?? { count };
}

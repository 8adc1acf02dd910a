import {
  checkFunction,
  checkOneOf,
  checkOptions,
  rangeError,
  show,
  typeError,
} from "../internal/checks.js";
import { type Dense, isShaped, type MatrixLike, type ShapedArray } from "../internal/matrix.js";
import { canonicalResult, prepare } from "./canonical.js";
import { type CcaOptions, checkCcaOptions, compareCca } from "./cca.js";
import { centre } from "./centre.js";
import { type CkaOptions, checkCkaOptions, compareCka, prepareCka } from "./cka.js";
import { type MapsAs, pooled, samples } from "./convSvcca.js";
import { compareMaps, type PreparedMaps, prepareMaps } from "./dftCca.js";
import { areMaps, checkSameExamples, type Maps, toDense, toMaps } from "./matrix.js";
import { compareProcrustes } from "./procrustes.js";
import { comparePwcca } from "./pwcca.js";
import type { Truncation } from "./reduce.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";

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
    | ({ readonly measure?: "svcca" } & SvccaOptions)
    | ({ readonly measure: "cca" | "pwcca" } & CcaOptions)
    | ({ readonly measure: "cka" } & CkaOptions)
    | { readonly measure: "procrustes" }
  );

/** A layer × layer picture as numbers. */
export interface SimilarityGrid {
  readonly measure: string;
  /** Names of the layers of the first model. */
  readonly rows: readonly string[];
  /** Names of the layers of the second model. */
  readonly columns: readonly string[];
  /** `values[i][j]` compares `rows[i]` with `columns[j]`; for `"procrustes"` the normalised squared distance. */
  readonly values: readonly (readonly number[])[];
  /** What unrelated data would give in each cell; absent for `"procrustes"`, where no closed form is known. */
  readonly chance?: readonly (readonly number[])[];
}

interface Cell {
  readonly value: number;
  readonly chance?: number;
}

/** Any layer as the user gives it. */
type Layer = MatrixLike | ShapedArray;

/** A measure in steps, so that the work on one layer is done once for its whole row or column. */
interface Measure<Read extends Dense | Maps, Prepared> {
  read(label: string, layer: Layer): Read;
  prepare(layer: Read, name: string): Prepared;
  compare(x: Prepared, y: Prepared): Cell;
}

const WHERE = "similarityGrid";
const COMMON = ["measure", "as", "onProgress"];

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
    "procrustes",
  ]);
  const { rows, columns, table } = compareAll(layersX, layersY, options);
  return {
    measure,
    rows,
    columns,
    values: table.map((row) => row.map(({ value }) => value)),
    ...(measure !== "procrustes" && {
      chance: table.map((row) => row.map(({ chance }) => chance!)),
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
  const fill = <R extends Dense | Maps, P>(measure: Measure<R, P>) =>
    fillTable(layersX, layersY, options, measure);
  switch (options?.measure) {
    case "procrustes":
      checkOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layer) => centre(layer),
        compare: (x, y) => ({ value: compareProcrustes(x, y).normalized }),
      });
    case "cka":
      checkCkaOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layer, name) => prepareCka(`${WHERE}: layer "${name}"`, layer, options),
        compare: (x, y) => asCell(compareCka(x, y, options)),
      });
    case "pwcca":
      checkCcaOptions(WHERE, options, COMMON);
      return fill({
        ...matricesOf(options),
        prepare: (layer) => prepare(layer),
        compare: (x, y) => asCell(comparePwcca(x, y, options)),
      });
    case "cca":
      checkCcaOptions(WHERE, options, COMMON);
      if (options.as === "dft") {
        if (options.regularization) {
          throw rangeError(WHERE, "regularization", '0 with as: "dft"', options.regularization);
        }
        return fill(frequencyWise({ variance: 1 }));
      }
      return fill({
        ...matricesOf(options),
        prepare: (layer) => prepare(layer),
        compare: (x, y) => asCell(compareCca(x, y, options)),
      });
    default: {
      const truncation = svccaTruncation(WHERE, options, 0.99, COMMON);
      if (options.as === "dft") return fill(frequencyWise(truncation));
      return fill({
        ...matricesOf(options),
        prepare: (layer) => prepare(layer, truncation),
        compare: (x, y) => asCell(canonicalResult(x, y)),
      });
    }
  }
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
    read(label: string, layer: Layer): Dense {
      if (!areMaps(layer)) return toDense(WHERE, label, layer);
      if (as === undefined) {
        throw new TypeError(
          `${WHERE}: as must be "dft", "samples" or "pooled" for maps such as ${label}, got undefined`,
        );
      }
      const maps = toMaps(WHERE, label, layer);
      return as === "pooled" ? pooled(maps) : samples(maps);
    },
  };
}

/** Compares maps frequency by frequency; a matrix is a map with one position. */
const frequencyWise = (truncation: Truncation): Measure<Maps, PreparedMaps> => ({
  read: (label, layer) =>
    areMaps(layer) ? toMaps(WHERE, label, layer) : onePosition(toDense(WHERE, label, layer)),
  prepare: (maps) => prepareMaps(maps, truncation),
  compare: (x, y) => asCell(compareMaps(x, y)),
});

const onePosition = ({ data, rows, columns }: Dense): Maps => ({
  data,
  examples: rows,
  height: 1,
  width: 1,
  channels: columns,
});

interface NamedLayer<Read> {
  readonly name: string;
  readonly layer: Read;
}

function fillTable<Read extends Dense | Maps, Prepared>(
  layersX: Layers,
  layersY: Layers,
  { as, onProgress }: CommonGridOptions,
  measure: Measure<Read, Prepared>,
): Table {
  if (as !== undefined) checkOneOf(WHERE, "as", as, ["dft", "samples", "pooled"]);
  if (onProgress !== undefined) checkFunction(WHERE, "onProgress", onProgress, "a function");
  const x = readLayers("layersX", layersX, measure);
  const y = readLayers("layersY", layersY, measure);
  checkExamples([...x, ...y]);
  const columns = y.map(({ layer, name }) => measure.prepare(layer, name));
  const table = x.map(({ layer, name }, i) => {
    const row = measure.prepare(layer, name);
    const cells = columns.map((column) => measure.compare(row, column));
    onProgress?.((i + 1) * y.length, x.length * y.length);
    return cells;
  });
  return { rows: x.map(({ name }) => name), columns: y.map(({ name }) => name), table };
}

function readLayers<Read extends Dense | Maps>(
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

function checkExamples(layers: readonly NamedLayer<Dense | Maps>[]): void {
  const shapeOf = (layer: Dense | Maps) =>
    "channels" in layer ? { rows: layer.examples, columns: layer.channels } : layer;
  const [first, ...others] = layers;
  for (const { name, layer } of others) {
    checkSameExamples(
      WHERE,
      `layer "${first!.name}"`,
      shapeOf(first!.layer),
      `layer "${name}"`,
      shapeOf(layer),
    );
  }
}

import { checkFunction, checkOneOf, checkOptions } from "../internal/checks.js";
import { canonicalResult, type Prepared, prepare } from "./canonical.js";
import { type CcaOptions, checkCcaOptions, compareCca } from "./cca.js";
import { type Centred, centre } from "./centre.js";
import {
  type CkaOptions,
  checkCkaOptions,
  compareCka,
  type PreparedCka,
  prepareCka,
} from "./cka.js";
import { type MapsAs, pooled, samples } from "./convSvcca.js";
import { compareMaps, type PreparedMaps, prepareMaps } from "./dftCca.js";
import type { Dense } from "./linearAlgebra.js";
import {
  areMaps,
  checkSameExamples,
  type Maps,
  type MatrixLike,
  type ShapedArray,
  toDense,
  toMaps,
} from "./matrix.js";
import { compareProcrustes } from "./procrustes.js";
import { comparePwcca } from "./pwcca.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";

/** Activations by layer name, in the order in which they are to be drawn. */
export type Layers =
  | Readonly<Record<string, MatrixLike | ShapedArray>>
  | ReadonlyMap<string, MatrixLike | ShapedArray>;

interface CommonGridOptions {
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

/** A measure in two steps, so that the work on one layer is done once for its whole row or column. */
interface Measure<P> {
  prepare(layer: Dense | Maps, name: string): P;
  compare(x: P, y: P): Cell;
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
  checkOptions(WHERE, options, Object.keys(options ?? {}));
  const measure = checkOneOf(WHERE, "measure", options.measure ?? "svcca", [
    "svcca",
    "cca",
    "pwcca",
    "cka",
    "procrustes",
  ]);
  if (options.onProgress !== undefined) {
    checkFunction(WHERE, "onProgress", options.onProgress, "a function");
  }
  const x = readLayers("layersX", layersX, options.as);
  const y = readLayers("layersY", layersY, options.as);
  checkExamples([...x, ...y]);
  const table = fill(x, y, measureOf(measure, options), options.onProgress);
  return {
    measure,
    rows: x.map(({ name }) => name),
    columns: y.map(({ name }) => name),
    values: table.map((row) => row.map(({ value }) => value)),
    ...(measure !== "procrustes" && {
      chance: table.map((row) => row.map(({ chance }) => chance!)),
    }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what a measure prepares is its own affair
function measureOf(name: string, options: any): Measure<any> {
  if (options.as === "dft" && name !== "svcca" && name !== "cca") {
    throw new TypeError(`${WHERE}: as must be "samples" or "pooled" for ${name}, got "dft"`);
  }
  if (name === "procrustes") {
    checkOptions(WHERE, options, COMMON);
    return shapeDistance;
  }
  if (name === "cka") {
    checkCkaOptions(WHERE, options, COMMON);
    return alignment(options);
  }
  if (name === "pwcca") {
    checkCcaOptions(WHERE, options, COMMON);
    return correlation({}, (x, y) => comparePwcca(x, y, options));
  }
  const truncation =
    name === "svcca" ? svccaTruncation(WHERE, options, 0.99, COMMON) : { variance: 1 };
  if (name === "cca") checkCcaOptions(WHERE, options, COMMON);
  if (options.as === "dft") {
    if (options.regularization) {
      throw new TypeError(`${WHERE}: regularization must be 0 with as: "dft"`);
    }
    return {
      prepare: (layer) => prepareMaps("channels" in layer ? layer : onePosition(layer), truncation),
      compare: (x: PreparedMaps, y: PreparedMaps) => asCell(compareMaps(x, y)),
    };
  }
  return correlation(truncation, (x, y) =>
    name === "cca" ? compareCca(x, y, options) : canonicalResult(x, y),
  );
}

const asCell = ({ similarity, chance }: { similarity: number; chance: number }): Cell => ({
  value: similarity,
  chance,
});

const correlation = (
  truncation: Parameters<typeof prepare>[1],
  compare: (x: Prepared, y: Prepared) => { similarity: number; chance: number },
): Measure<Prepared> => ({
  prepare: (layer) => prepare(layer as Dense, truncation),
  compare: (x, y) => asCell(compare(x, y)),
});

const alignment = (options: CkaOptions): Measure<PreparedCka> => ({
  prepare: (layer, name) => prepareCka(`${WHERE}: layer "${name}"`, layer as Dense, options),
  compare: (x, y) => asCell(compareCka(x, y, options)),
});

const shapeDistance: Measure<Centred> = {
  prepare: (layer) => centre(layer as Dense),
  compare: (x, y) => ({ value: compareProcrustes(x, y).normalized }),
};

const onePosition = ({ data, rows, columns }: Dense): Maps => ({
  data,
  examples: rows,
  height: 1,
  width: 1,
  channels: columns,
});

interface NamedLayer {
  readonly name: string;
  readonly layer: Dense | Maps;
}

function readLayers(argument: string, layers: Layers, as: MapsAs | undefined): NamedLayer[] {
  if (typeof layers !== "object" || layers === null || Array.isArray(layers) || "data" in layers) {
    throw new TypeError(`${WHERE}: ${argument} must be an object or Map of layers by name`);
  }
  if (as !== undefined) checkOneOf(WHERE, "as", as, ["dft", "samples", "pooled"]);
  const entries = layers instanceof Map ? [...layers] : Object.entries(layers);
  if (entries.length === 0) {
    throw new RangeError(`${WHERE}: ${argument} must have at least 1 layer, got none`);
  }
  return entries.map(([name, value]) => {
    const label = `${argument}[${JSON.stringify(name)}]`;
    if (!areMaps(value)) return { name: String(name), layer: toDense(WHERE, label, value) };
    if (as === undefined) {
      throw new TypeError(
        `${WHERE}: as must be "dft", "samples" or "pooled" for maps such as ${label}, got undefined`,
      );
    }
    const maps = toMaps(WHERE, label, value);
    const layer = as === "dft" ? maps : as === "pooled" ? pooled(maps) : samples(maps);
    return { name: String(name), layer };
  });
}

function checkExamples(layers: readonly NamedLayer[]): void {
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

function fill<P>(
  x: readonly NamedLayer[],
  y: readonly NamedLayer[],
  measure: Measure<P>,
  onProgress?: (done: number, total: number) => void,
): Cell[][] {
  const columns = y.map(({ layer, name }) => measure.prepare(layer, name));
  return x.map(({ layer, name }, i) => {
    const row = measure.prepare(layer, name);
    const cells = columns.map((column) => measure.compare(row, column));
    onProgress?.((i + 1) * y.length, x.length * y.length);
    return cells;
  });
}

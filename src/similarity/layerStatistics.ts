import { checkOneOf, checkOptions, rangeError, show, typeError } from "../internal/checks.js";
import {
  checkFinite,
  checkShaped,
  isShaped,
  type NumericArray,
  type RealMatrix,
  type ShapedArray,
} from "../internal/matrix.js";
import type { CanonicalResult } from "./canonical.js";
import type { CcaOptions } from "./cca.js";
import type { CkaResult } from "./cka.js";
import type { MapsAs } from "./convSvcca.js";
import type { DftCcaResult } from "./dftCca.js";
import {
  emptyReference,
  type FeatureReader,
  featureReader,
  hasReference,
  type MapsReference,
} from "./layerStatisticsFeatures.js";
import { type ExampleIds, MAX_IDS, SeenIds } from "./layerStatisticsIds.js";
import { type LaidOutLayer, type Layout, layOut } from "./layerStatisticsLayout.js";
import {
  comparisonOf,
  type LayerComparison,
  type LayerStatisticsMeasure,
} from "./layerStatisticsMeasures.js";
import {
  addBlock,
  copyMoments,
  emptyMoments,
  type Moments,
  mergeMoments,
} from "./layerStatisticsMoments.js";
import {
  type Contents,
  fromSaved,
  type LayerStatisticsJson,
  type SavedArray,
  toArrays,
  toJson,
} from "./layerStatisticsSaved.js";
import type { Gathered } from "./layerStatisticsSides.js";
import { checkSameExamples, toDenseUnchecked } from "./matrix.js";
import type { ProcrustesResult } from "./procrustes.js";
import type { PwccaResult } from "./pwcca.js";
import type { Layers, SimilarityGrid } from "./similarityGrid.js";
import type { SvccaOptions } from "./svcca.js";

export interface LayerStatisticsOptions {
  /** Names of the layers of the first model, in the order of the grid's rows. */
  readonly x: readonly string[];
  /** Names of the layers of the second model, in the order of the grid's columns. */
  readonly y: readonly string[];
  /**
   * How convolutional maps (4-D layers) are read, see `convSvcca`; needed if there are any. `"dft"` goes with the
   * measures `"svcca"` and `"cca"`.
   */
  readonly as?: MapsAs;
}

/** The next examples of all layers of both models. */
export interface LayerBatches {
  /** `[examples, neurons]` (or maps) of each layer of the first model, by name. */
  readonly x: Layers;
  /** Of the second model: the same examples in the same order. */
  readonly y: Layers;
  /**
   * What identifies each example, with every batch or with none. An example that comes twice, in whatever batch or
   * shard, is then an error; and with ids for each model, `{ x, y }`, so is another order.
   */
  readonly ids?: ExampleIds | { readonly x: ExampleIds; readonly y: ExampleIds };
}

/** Accumulator of {@link layerStatistics}. */
export interface LayerStatistics {
  /** Names of the layers of the first model. */
  readonly x: readonly string[];
  /** Names of the layers of the second model. */
  readonly y: readonly string[];
  /** Number of examples so far. */
  readonly examples: number;
  /** Takes in a batch, of 1 example or more. A batch that is refused leaves everything as it was. */
  add(batches: LayerBatches): void;
  /** Takes in all examples of another accumulator of the same layers, which keeps its own; returns this one. */
  merge(other: LayerStatistics): LayerStatistics;
  /** Compares every layer of `x` with every layer of `y`, as `similarityGrid`. */
  grid(options?: LayerStatisticsMeasure): SimilarityGrid;
  /**
   * Compares two layers: the result of {@link svcca}, {@link cca}, {@link pwcca}, {@link cka} or {@link procrustes}; with
   * `as: "dft"` that of {@link dftCca}.
   */
  compare(
    x: string,
    y: string,
    options: { readonly measure: "cka"; readonly debiased?: boolean },
  ): CkaResult;
  compare(x: string, y: string, options: { readonly measure: "procrustes" }): ProcrustesResult;
  compare(x: string, y: string, options: { readonly measure: "pwcca" } & CcaOptions): PwccaResult;
  compare(
    x: string,
    y: string,
    options?:
      | ({ readonly measure: "cca" } & CcaOptions)
      | ({ readonly measure?: "svcca" } & SvccaOptions),
  ): CanonicalResult & Partial<Pick<DftCcaResult, "frequencies">>;
  /**
   * Everything as an object for `JSON.stringify`, which also calls it by itself; 11 characters per number, so that
   * beyond some 40 million numbers the text is too long for JavaScript: then take `toArrays`.
   */
  toJSON(): LayerStatisticsJson;
  /** Everything as arrays for `writeArrays` of `closerlook/node`, into an `.npz` file. */
  toArrays(): Record<string, SavedArray>;
}

/**
 * Compares layers on any number of examples: batches go in, of memory stay only sums.
 *
 *     n,   x̄,   Σ (x − x̄)(x − x̄)ᵀ   of each layer,     Σ (x − x̄)(y − ȳ)ᵀ   of each pair
 *
 * One pass sees both models' layers of the same examples and then gives every measure that follows from sums of
 * squares, single or as a grid, within 1e-9 of what the function in memory gives: `svcca`, `cca`, `pwcca`, `cka` with the
 * linear kernel (also debiased) and `procrustes`. Memory is 8 bytes · (d² of each layer + dₓ·d_y of each pair), and 64 MB
 * at most for examples that wait to be multiplied together, so that batches of one example cost no more time than large
 * ones. Sums are about means and in units of the data: means of 10⁸ standard deviations, values from 1e-300 to 1e300, a
 * first batch unlike the others cost no digits. Shards can run anywhere: `merge` joins them, in any order.
 *
 * What sums of squares cannot tell:
 * - Directions with less than 1e-6 of the largest one's variance. `svcca` at 99 % does not ask for them, `cca` and
 *   `pwcca` do: with such directions, as dependent neurons have, they throw; `regularization` of 1e-6 or more moves
 *   that to 1e-10. `rankX` and `rankY` count the directions above 2e-15 · neurons of the largest variance, which may be
 *   fewer than {@link svcca} counts.
 * - Small distances: `procrustes` is right to 1e-8 of the norms, so that equal shapes may be 1e-8 apart.
 * - Debiased `cka` where a few examples hold nearly all of the variance: it throws.
 * - What needs pairs of examples: the `"rbf"` kernel and `rsa`.
 *
 * @returns An accumulator, empty. `add` takes batches of any size with the same examples in the same order for all
 * layers; with `ids` that is checked, also across shards (16 to 32 bytes per example, at most 16,777,216 of them).
 * @throws RangeError or TypeError if a name is missing or comes twice; later ones name the layer.
 * @example
 * ```ts
 * import { layerStatistics } from "closerlook/similarity";
 *
 * const statistics = layerStatistics({ x: ["conv", "fc"], y: ["fc"] });
 * statistics.add({ x: { conv: [[1, 0], [0, 1]], fc: [[1], [2]] }, y: { fc: [[2], [5]] } });
 * statistics.add({ x: { conv: [[-1, 0], [0, -1]], fc: [[3], [5]] }, y: { fc: [[8], [14]] } });
 * statistics.examples; // 4
 * statistics.grid({ measure: "cka" }).values[1][0] > 0.99; // true
 * statistics.compare("fc", "fc").similarity; // 1 — up to rounding
 * ```
 * @example
 * ```ts
 * import { layerStatistics, layerStatisticsFrom } from "closerlook/similarity";
 *
 * const names = { x: ["fc"], y: ["fc"] };
 * const first = layerStatistics(names);
 * first.add({ x: { fc: [[1], [2]] }, y: { fc: [[2], [4]] }, ids: [0, 1] });
 * const second = layerStatistics(names);
 * second.add({ x: { fc: [[0], [5]] }, y: { fc: [[0], [9]] }, ids: [2, 3] });
 *
 * const sent = JSON.stringify(second); // or writeArrays("shard.npz", second.toArrays())
 * first.merge(layerStatisticsFrom(JSON.parse(sent))).examples; // 4
 * ```
 * @see Chan, Golub, LeVeque 1983 (joining sums of squares); {@link similarityGrid} for layers in memory.
 */
export function layerStatistics(options: LayerStatisticsOptions): LayerStatistics {
  checkOptions(WHERE, options, ["x", "y", "as"]);
  const { as } = options;
  if (as !== undefined) checkOneOf(WHERE, "as", as, ["dft", "samples", "pooled"]);
  return new Accumulator({
    as,
    namesX: checkNames("x", options.x),
    namesY: checkNames("y", options.y),
    examples: 0,
    ids: undefined,
  });
}

/**
 * Takes up an accumulator of {@link layerStatistics} from what its `toJSON` or `toArrays` gave, bit for bit.
 *
 * @param saved - A parsed JSON value, or arrays by name as `readArrays` of `closerlook/node` reads them from an `.npz` file.
 * @throws TypeError or RangeError if anything is missing, damaged or of another kind.
 * @example
 * ```ts
 * import { readArrays, writeArrays } from "closerlook/node";
 * import { layerStatistics, layerStatisticsFrom } from "closerlook/similarity";
 * import { tmpdir } from "node:os";
 *
 * const statistics = layerStatistics({ x: ["fc"], y: ["fc"] });
 * statistics.add({ x: { fc: [[1], [2], [4]] }, y: { fc: [[2], [4], [7]] } });
 * await writeArrays(`${tmpdir()}/shard.npz`, statistics.toArrays());
 * const again = layerStatisticsFrom(await readArrays(`${tmpdir()}/shard.npz`));
 * again.examples; // 3
 * ```
 */
export function layerStatisticsFrom(
  saved: LayerStatisticsJson | Readonly<Record<string, ShapedArray>>,
): LayerStatistics {
  return new Accumulator(fromSaved(saved));
}

const WHERE = "layerStatistics";

function checkNames(side: string, names: unknown): readonly string[] {
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw typeError(WHERE, side, "a list of the names of layers", names);
  }
  if (names.length === 0) throw new RangeError(`${WHERE}: ${side} must have at least 1 layer`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw rangeError(WHERE, side, "of different names", twice);
  return [...names];
}

/** A batch of one layer, not copied. */
interface LayerBatch {
  readonly data: NumericArray;
  readonly count: number;
  /** Of one example. */
  readonly shape: readonly number[];
}

/** Rows that are gathered before products are taken, so that examples that come one by one cost as much as many. */
const BLOCK_ROWS = 1024;
const BLOCK_NUMBERS = 2 ** 23;

class Accumulator implements LayerStatistics {
  readonly x: readonly string[];
  readonly y: readonly string[];
  readonly #as: MapsAs | undefined;
  #examples: number;
  #ids: SeenIds | undefined;
  #layout: Layout | undefined;
  #moments: Moments | undefined;
  #references: ReadonlyMap<number, MapsReference> = new Map();
  #readers: readonly FeatureReader[] = [];
  #blocks: readonly Float64Array[] = [];
  #blockRows = 0;
  /** Rows in the blocks that the moments do not hold yet. */
  #waiting = 0;

  constructor({ as, namesX, namesY, examples, ids, gathered }: Contents) {
    this.x = namesX;
    this.y = namesY;
    this.#as = as;
    this.#examples = examples;
    this.#ids = ids;
    if (gathered) {
      this.#layout = gathered.layout;
      this.#moments = gathered.moments;
      this.#references = gathered.references;
    }
  }

  get examples(): number {
    return this.#examples;
  }

  add(batches: LayerBatches): void {
    const where = `${WHERE}.add`;
    checkOptions(where, batches, ["x", "y", "ids"]);
    const all = [
      ...readSide(where, "x", this.x, batches.x),
      ...readSide(where, "y", this.y, batches.y),
    ];
    const { examples, rows } = this.#checkSizes(where, all);
    const ids = this.#checkIds(where, batches.ids, examples);
    this.#prepare(all);
    if (ids) {
      this.#ids ??= new SeenIds();
      this.#ids.addAll(ids);
    }
    this.#examples += examples;
    this.#take(all, rows);
  }

  /** The same examples for all, and layers as in earlier batches. */
  #checkSizes(where: string, all: readonly LayerBatch[]) {
    const labels = [...this.x.map((n) => `x[${show(n)}]`), ...this.y.map((n) => `y[${show(n)}]`)];
    const known = this.#layout && [...this.#layout.layersX, ...this.#layout.layersY];
    const ofMaps = ({ shape }: LayerBatch) => shape.length === 3;
    const firstMaps = all.findIndex(ofMaps);
    const rowsOf = (batch: LayerBatch) =>
      this.#as === "samples" && ofMaps(batch)
        ? batch.count * batch.shape[0]! * batch.shape[1]!
        : batch.count;
    all.forEach((batch, i) => {
      const { shape } = batch;
      if (ofMaps(batch) && this.#as === undefined) {
        throw new TypeError(
          `${WHERE}: as must be "dft", "samples" or "pooled" for maps such as ${labels[i]}, got undefined`,
        );
      }
      if (known && known[i]!.shape.join() !== shape.join()) {
        throw new RangeError(
          `${where}: ${labels[i]} must have the shape [${["examples", ...known[i]!.shape].join(", ")}] of earlier ` +
            `batches, got [${[batch.count, ...shape].join(", ")}]`,
        );
      }
      const size = shape.slice(0, 2).join("×");
      const wanted = all[firstMaps]?.shape.slice(0, 2).join("×");
      if (this.#as === "samples" && ofMaps(batch) && size !== wanted) {
        throw new RangeError(
          `${where}: ${labels[firstMaps]} and ${labels[i]} must have maps of the same size for as: "samples", got ` +
            `${wanted} and ${size}. Use as: "dft" or as: "pooled"`,
        );
      }
      checkSameExamples(
        where,
        labels[0]!,
        { rows: rowsOf(all[0]!), columns: all[0]!.shape.at(-1)! },
        labels[i]!,
        { rows: rowsOf(batch), columns: shape.at(-1)! },
      );
    });
    return { examples: (all[firstMaps] ?? all[0]!).count, rows: rowsOf(all[0]!) };
  }

  #checkIds(where: string, ids: LayerBatches["ids"], examples: number): SeenIds | undefined {
    const had = this.#ids !== undefined;
    if (this.#examples > 0 && had !== (ids !== undefined)) {
      throw new TypeError(
        `${where}: ids must come with every batch or with none, got ${had ? "none" : "some"} after ` +
          `${this.#examples} examples ${had ? "with" : "without"}`,
      );
    }
    if (ids === undefined) return undefined;
    const texts = readIds(where, ids, examples);
    checkIdCount(where, this.#examples + examples);
    const seen = new SeenIds();
    for (const [i, text] of texts.entries()) {
      if (!seen.add(text) || this.#ids?.has(text)) {
        throw rangeError(where, `ids[${i}]`, "of an example that has not come before", text);
      }
    }
    return seen;
  }

  /** Knows the sizes of the layers after the first batch. */
  #prepare(all: readonly LayerBatch[]): void {
    if (!this.#layout) {
      const shapes = (side: "x" | "y", names: readonly string[], batches: readonly LayerBatch[]) =>
        names.map((name, i) => ({ side, name, shape: batches[i]!.shape }));
      const layout = layOut(
        shapes("x", this.x, all),
        shapes("y", this.y, all.slice(this.x.length)),
        this.#as,
      );
      this.#moments = emptyMoments(layout.wiring);
      this.#references = new Map(
        [...layout.layersX, ...layout.layersY].flatMap((layer, i) => {
          if (!hasReference(layer, this.#as)) return [];
          const { data, count } = all[i]!;
          const first = data.subarray(0, data.length / count);
          return [[layer.firstFeature, emptyReference(layer, first)]];
        }),
      );
      this.#layout = layout;
    }
    if (this.#readers.length > 0) return;
    const { columns } = this.#layout.wiring;
    const width = columns.reduce((sum, size) => sum + size, 0);
    this.#blockRows = Math.max(64, Math.min(BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / width)));
    this.#readers = this.#layers().map((layer) =>
      featureReader(layer, this.#as, this.#references.get(layer.firstFeature)),
    );
  }

  #layers(): LaidOutLayer[] {
    return [...this.#layout!.layersX, ...this.#layout!.layersY];
  }

  #take(all: readonly LayerBatch[], rows: number): void {
    const layers = this.#layers();
    for (let from = 0; from < rows; ) {
      const count = Math.min(rows - from, this.#blockRows - this.#waiting);
      const whole = count === this.#blockRows;
      const direct = all.map(({ data }, i) =>
        whole ? asItIs(layers[i]!, this.#references, data, from, count) : undefined,
      );
      layers.forEach(({ firstFeature }, i) => {
        if (direct[i]) return;
        const end = layers[i + 1]?.firstFeature ?? this.#layout!.labels.length;
        const blocks = this.#gatheringBlocks().slice(firstFeature, end);
        this.#readers[i]!(all[i]!.data, from, count, blocks, this.#waiting);
      });
      this.#waiting += count;
      from += count;
      if (this.#waiting === this.#blockRows) {
        this.#flush(new Map(layers.map(({ firstFeature }, i) => [firstFeature, direct[i]])));
      }
    }
  }

  /** @param direct - Blocks that need no gathering, by feature matrix. */
  #flush(direct: ReadonlyMap<number, RealMatrix | undefined> = new Map()): void {
    const rows = this.#waiting;
    if (rows === 0) return;
    const blocks = this.#layout!.wiring.columns.map(
      (columns, f) =>
        direct.get(f) ?? {
          data: this.#gatheringBlocks()[f]!.subarray(0, rows * columns),
          rows,
          columns,
        },
    );
    addBlock(this.#moments!, blocks);
    this.#waiting = 0;
  }

  #gatheringBlocks(): readonly Float64Array[] {
    if (this.#blocks.length === 0) {
      this.#blocks = this.#layout!.wiring.columns.map(
        (columns) => new Float64Array(this.#blockRows * columns),
      );
    }
    return this.#blocks;
  }

  merge(other: LayerStatistics): LayerStatistics {
    const where = `${WHERE}.merge`;
    if (!(other instanceof Accumulator) || other === this) {
      throw typeError(where, "other", "another accumulator of layerStatistics", other);
    }
    checkMergeable(where, this.#contents(), other.#contents());
    if (other.#examples === 0) return this;
    const ids = this.#ids ?? (other.#ids && new SeenIds());
    if (ids) checkIdCount(where, ids.size + other.#examples);
    if (other.#ids && !ids!.addAll(other.#ids)) {
      throw new RangeError(`${where}: other must hold other examples, got some with the same ids`);
    }
    this.#ids = ids;
    const from = copyMoments(other.#moments!);
    if (!this.#layout) {
      this.#layout = other.#layout;
      this.#moments = from;
      this.#references = new Map(
        [...other.#references].map(([key, reference]) => [key, copyReference(reference)]),
      );
    } else {
      for (const layer of this.#layers()) this.#countFromOwnFirst(layer, from, other);
      this.#moments = mergeMoments(this.#moments!, from);
    }
    this.#examples += other.#examples;
    return this;
  }

  /** Features of maps are counted from the first example of their own shard: moves those of another to ours. */
  #countFromOwnFirst(layer: LaidOutLayer, from: Moments, other: Accumulator): void {
    const { firstFeature } = layer;
    const reference = this.#references.get(firstFeature);
    if (!reference) return;
    const theirs = other.#references.get(firstFeature)!;
    const next = this.#layers().find((one) => one.firstFeature > firstFeature);
    const features = from.features.slice(firstFeature, next?.firstFeature);
    const offsets = features.map(({ columns }) => new Float64Array(columns));
    featureReader(layer, this.#as, reference)(theirs.first, 0, 1, offsets, 0);
    features.forEach(({ shift, minimum, maximum }, f) => {
      for (const values of [shift, minimum, maximum]) {
        for (let j = 0; j < values.length; j++) values[j]! += offsets[f]![j]!;
      }
    });
    for (let channel = 0; channel < reference.sizes.length; channel++) {
      reference.sizes[channel] = Math.max(reference.sizes[channel]!, theirs.sizes[channel]!);
    }
    reference.norm = Math.min(Number.MAX_VALUE, Math.hypot(reference.norm, theirs.norm));
  }

  #contents(): Contents {
    this.#flush();
    return {
      as: this.#as,
      namesX: this.x,
      namesY: this.y,
      examples: this.#examples,
      ids: this.#ids,
      ...(this.#layout && {
        gathered: {
          layout: this.#layout,
          moments: this.#moments!,
          references: this.#references,
        },
      }),
    };
  }

  #gathered(where: string): Gathered {
    const { gathered, as } = this.#contents();
    const rows = gathered?.moments.rows ?? 0;
    if (!gathered || rows < 2) {
      throw new RangeError(`${where}: there must be at least 2 examples, got ${rows}`);
    }
    return { ...gathered, as };
  }

  grid(options: LayerStatisticsMeasure = {}): SimilarityGrid {
    const where = `${WHERE}.grid`;
    const { measure, compareRow } = comparisonOf(where, options, this.#gathered(where));
    const columns = [...this.y.keys()];
    const results = this.x.map((_, i) => compareRow(i, columns));
    const each = <T>(value: (result: LayerComparison) => T) =>
      results.map((row) => row.map((result) => value(result)));
    return {
      measure,
      rows: [...this.x],
      columns: [...this.y],
      values: each((one) => ("similarity" in one ? one.similarity : one.normalized)),
      ...(measure !== "procrustes" && {
        chance: each((one) => ("chance" in one ? one.chance : 0)),
      }),
    };
  }

  compare(
    x: string,
    y: string,
    options: { readonly measure: "cka"; readonly debiased?: boolean },
  ): CkaResult;
  compare(x: string, y: string, options: { readonly measure: "procrustes" }): ProcrustesResult;
  compare(x: string, y: string, options: { readonly measure: "pwcca" } & CcaOptions): PwccaResult;
  compare(x: string, y: string, options?: LayerStatisticsMeasure): CanonicalResult;
  compare(x: string, y: string, options: LayerStatisticsMeasure = {}): LayerComparison {
    const where = `${WHERE}.compare`;
    const i = this.x.indexOf(checkOneOf(where, "x", x, this.x));
    const j = this.y.indexOf(checkOneOf(where, "y", y, this.y));
    return comparisonOf(where, options, this.#gathered(where)).compareRow(i, [j])[0]!;
  }

  toJSON(): LayerStatisticsJson {
    return toJson(this.#contents());
  }

  toArrays(): Record<string, SavedArray> {
    return toArrays(this.#contents());
  }
}

/** A block of activations that are features themselves, not copied. */
function asItIs(
  { firstFeature, shape }: LaidOutLayer,
  references: ReadonlyMap<number, MapsReference>,
  data: NumericArray,
  from: number,
  rows: number,
): RealMatrix | undefined {
  const real = data instanceof Float32Array || data instanceof Float64Array;
  if (!real || references.has(firstFeature)) return undefined;
  const columns = shape.at(-1)!;
  return { data: data.subarray(from * columns, (from + rows) * columns), rows, columns };
}

const copyReference = ({ first, sizes, norm }: MapsReference): MapsReference => ({
  first: first.slice(),
  sizes: sizes.slice(),
  norm,
});

function checkMergeable(where: string, a: Contents, b: Contents): void {
  const pairs = [
    ["as", a.as ?? "none", b.as ?? "none"],
    ["layers of x", a.namesX, b.namesX],
    ["layers of y", a.namesY, b.namesY],
  ] as const;
  for (const [what, mine, theirs] of pairs) {
    if (String(mine) !== String(theirs)) {
      throw new RangeError(
        `${where}: other must have the same ${what}, got ${show(theirs)} for ${show(mine)}`,
      );
    }
  }
  if (!a.gathered || !b.gathered) return;
  const layersOf = ({ layout }: NonNullable<Contents["gathered"]>) => [
    ...layout.layersX,
    ...layout.layersY,
  ];
  const theirs = layersOf(b.gathered);
  layersOf(a.gathered).forEach(({ side, name, shape }, i) => {
    if (shape.join() === theirs[i]!.shape.join()) return;
    throw new RangeError(
      `${where}: other must have layers of the same sizes, got [${theirs[i]!.shape.join(", ")}] for ` +
        `[${shape.join(", ")}] of ${side}[${show(name)}]`,
    );
  });
  if ((a.ids === undefined) === (b.ids === undefined)) return;
  throw new TypeError(`${where}: both or none must have been given ids, got ids in one of them`);
}

/** The batches of one model, in the order of the names. */
function readSide(
  where: string,
  side: "x" | "y",
  names: readonly string[],
  layers: Layers,
): LayerBatch[] {
  if (typeof layers !== "object" || layers === null || Array.isArray(layers) || isShaped(layers)) {
    throw typeError(where, side, "an object or Map of layers by name", layers);
  }
  const byName = layers instanceof Map ? layers : new Map(Object.entries(layers));
  for (const name of byName.keys()) {
    if (!names.includes(name)) {
      throw rangeError(where, side, `made of the layers ${names.join(", ")}`, name);
    }
  }
  return names.map((name) => {
    if (!byName.has(name)) {
      throw rangeError(where, side, `made of all layers ${names.join(", ")}`, [...byName.keys()]);
    }
    return readBatch(where, `${side}[${show(name)}]`, byName.get(name));
  });
}

function readBatch(where: string, label: string, value: unknown): LayerBatch {
  const { data, shape } = readArray(where, label, value);
  const [count, ...one] = shape as [number, ...number[]];
  if (data.length === 0) {
    throw rangeError(where, label, "of at least 1 example and 1 neuron", shape);
  }
  // Infinity and NaN survive being multiplied by 0, and NaN any sum.
  let poison = 0;
  for (let at = 0; at < data.length; at++) poison += data[at]! * 0;
  if (poison !== 0) {
    checkFinite(where, label, Float64Array.from(data), shape, "Remove such examples first");
  }
  return { data, count, shape: one };
}

function readArray(where: string, label: string, value: unknown) {
  if (!isShaped(value)) {
    const { data, rows, columns } = toDenseUnchecked(where, label, value);
    return { data, shape: [rows, columns] };
  }
  const data = checkShaped(where, label, value);
  const { shape } = value;
  if (shape.length !== 2 && shape.length !== 4) {
    throw rangeError(
      where,
      label,
      "of shape [examples, neurons] or [examples, height, width, channels]",
      shape,
    );
  }
  return { data, shape };
}

function checkIdCount(where: string, count: number): void {
  if (count <= MAX_IDS) return;
  throw rangeError(
    where,
    "ids",
    `at most ${MAX_IDS} in all`,
    count,
    "Leave them out from the start",
  );
}

/** Ids as texts, after those of the two models agree. */
function readIds(where: string, ids: NonNullable<LayerBatches["ids"]>, examples: number): string[] {
  if (Array.isArray(ids) || ArrayBuffer.isView(ids)) return readIdList(where, "ids", ids, examples);
  checkOptions(where, ids, ["x", "y"]);
  const { x, y } = ids as { x: ExampleIds; y: ExampleIds };
  const a = readIdList(where, "ids.x", x, examples);
  const b = readIdList(where, "ids.y", y, examples);
  const at = a.findIndex((text, i) => text !== b[i]);
  if (at >= 0) {
    throw new RangeError(
      `${where}: ids.x and ids.y must be the same in the same order, got ${a[at]} and ${b[at]} at [${at}]`,
    );
  }
  return a;
}

function readIdList(where: string, label: string, ids: ExampleIds, examples: number): string[] {
  if (!Array.isArray(ids) && !ArrayBuffer.isView(ids)) {
    throw typeError(where, label, "an array of texts or numbers", ids);
  }
  if (ids.length !== examples) {
    throw rangeError(where, label, `${examples} ids, one for each example`, ids.length);
  }
  return Array.from(ids as readonly unknown[], (id, i) => {
    if (typeof id !== "string" && typeof id !== "number" && typeof id !== "bigint") {
      throw typeError(where, `${label}[${i}]`, "a text or a number", id);
    }
    return String(id);
  });
}

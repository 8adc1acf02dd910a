import { checkInteger, checkNumber, checkOneOf, show, typeError } from "../internal/checks.js";
import type { MapsAs } from "./convSvcca.js";
import { emptyReference, hasReference, type MapsReference } from "./layerStatisticsFeatures.js";
import { SeenIds } from "./layerStatisticsIds.js";
import {
  type LaidOutLayer,
  type LayerShape,
  type Layout,
  layOut,
} from "./layerStatisticsLayout.js";
import { emptyMoments, type Moments, NO_SPREAD } from "./layerStatisticsMoments.js";

/** An array of saved statistics, as `writeArrays` of `closerlook/node` takes it and `readArrays` gives it. */
export interface SavedArray {
  readonly data: Float64Array | Uint32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** Statistics as JSON: numbers and texts as they are, arrays as base64 of little-endian float64 (ids: uint32). */
export interface LayerStatisticsJson {
  readonly format: "closerlook layerStatistics";
  readonly version: 1;
  readonly as: MapsAs | null;
  readonly examples: number;
  /** Examples, or with `as: "samples"` positions. */
  readonly rows: number;
  readonly x: readonly SavedLayer[];
  readonly y: readonly SavedLayer[];
  /** What the arrays of each feature matrix need to be understood: their unit is 2 to the power `exponent`. */
  readonly features: readonly { readonly exponent: number; readonly squares: readonly number[] }[];
  readonly arrays: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: string }>
  >;
}

/** A layer of saved statistics. */
export interface SavedLayer {
  readonly name: string;
  /** Of one example; null before the first batch. */
  readonly shape: readonly number[] | null;
  /** Norm of the maps about the first example, halved; 0 for what is not pooled or transformed. */
  readonly norm: number;
}

type Description = Omit<LayerStatisticsJson, "arrays">;

/** What an accumulator consists of. */
export interface Contents {
  readonly as: MapsAs | undefined;
  readonly namesX: readonly string[];
  readonly namesY: readonly string[];
  readonly examples: number;
  readonly ids: SeenIds | undefined;
  /** Absent before the first batch. */
  readonly gathered?: {
    readonly layout: Layout;
    readonly moments: Moments;
    readonly references: ReadonlyMap<number, MapsReference>;
  };
}

const WHERE = "layerStatisticsFrom";
const FORMAT = "closerlook layerStatistics";
/** The array that holds everything but the arrays. */
const DESCRIPTION = "layerStatistics";

export function toArrays(contents: Contents): Record<string, SavedArray> {
  const description = new TextEncoder().encode(JSON.stringify(describe(contents)));
  return {
    [DESCRIPTION]: { data: description, shape: [description.length] },
    ...arraysOf(contents),
  };
}

export function toJson(contents: Contents): LayerStatisticsJson {
  const arrays: Record<string, { shape: readonly number[]; data: string }> = {};
  for (const [name, { data, shape }] of Object.entries(arraysOf(contents))) {
    arrays[name] = { shape, data: toBase64(littleEndian(data)) };
  }
  return { ...describe(contents), arrays };
}

function describe({ as, namesX, namesY, examples, gathered }: Contents): Description {
  const saved = (names: readonly string[], layers: readonly LaidOutLayer[] | undefined) =>
    names.map((name, i) => ({
      name,
      shape: layers?.[i]?.shape ?? null,
      norm: (layers && gathered!.references.get(layers[i]!.firstFeature)?.norm) ?? 0,
    }));
  return {
    format: FORMAT,
    version: 1,
    as: as ?? null,
    examples,
    rows: gathered?.moments.rows ?? 0,
    x: saved(namesX, gathered?.layout.layersX),
    y: saved(namesY, gathered?.layout.layersY),
    features: (gathered?.moments.features ?? []).map(({ exponent, partners }) => ({
      exponent,
      squares: partners.map(({ squares }) => squares),
    })),
  };
}

function arraysOf({ ids, gathered }: Contents): Record<string, SavedArray> {
  const arrays: Record<string, SavedArray> = {};
  if (ids) arrays.ids = { data: ids.words(), shape: [ids.size, 2] };
  if (!gathered) return arrays;
  for (const { name, shape, read } of places(gathered)) arrays[name] = { data: read(), shape };
  return arrays;
}

/** Where each array of the moments and references has its place. */
function places({ layout, moments, references }: NonNullable<Contents["gathered"]>) {
  const list: {
    name: string;
    shape: number[];
    read: () => Float64Array;
    write: (data: Float64Array) => void;
  }[] = [];
  const place = (name: string, array: Float64Array, shape = [array.length]) =>
    list.push({ name, shape, read: () => array, write: (data) => array.set(data) });
  for (const layer of [...layout.layersX, ...layout.layersY]) {
    const reference = references.get(layer.firstFeature);
    if (!reference) continue;
    const layers = layer.side === "x" ? layout.layersX : layout.layersY;
    const label = `${layer.side}${layers.indexOf(layer)}`;
    place(`${label}.first`, reference.first, [...layer.shape]);
    place(`${label}.sizes`, reference.sizes);
  }
  moments.features.forEach((feature, f) => {
    const label = layout.labels[f]!;
    const { columns, partners } = feature;
    place(`${label}.shift`, feature.shift);
    place(`${label}.mean`, feature.mean);
    place(`${label}.minimum`, feature.minimum);
    place(`${label}.maximum`, feature.maximum);
    place(`${label}.scatter`, feature.scatter, [columns, columns]);
    for (const { feature: g, weighted } of partners) {
      place(`${label}-${layout.labels[g]}.weighted`, weighted);
    }
  });
  for (const { x, y, scatter } of moments.pairs) {
    const shape = [moments.features[x]!.columns, moments.features[y]!.columns];
    place(`${layout.labels[x]}-${layout.labels[y]}.scatter`, scatter, shape);
  }
  return list;
}

/** Contents from what {@link toJson} or {@link toArrays} gave; everything is checked. */
export function fromSaved(saved: unknown): Contents {
  if (typeof saved === "object" && saved !== null) {
    if ("format" in saved && "arrays" in saved) return fromJson(saved as LayerStatisticsJson);
    if (DESCRIPTION in saved) return fromArrays(saved as Record<string, SavedArray>);
  }
  throw typeError(
    WHERE,
    "saved",
    "what toJSON or toArrays of layerStatistics gave",
    saved,
    typeof saved === "string" ? "Pass JSON.parse(text)" : "",
  );
}

function fromArrays(arrays: Record<string, SavedArray>): Contents {
  const { data } = arrays[DESCRIPTION]!;
  if (!(data instanceof Uint8Array)) throw damaged(DESCRIPTION, "of bytes", data);
  let description: unknown;
  try {
    description = JSON.parse(new TextDecoder().decode(data));
  } catch {
    throw damaged(DESCRIPTION, "the UTF-8 text of a JSON object", "something else");
  }
  const available = Object.values(arrays).reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  return restore(description as Description, available, (name) => arrays[name]);
}

function fromJson({ arrays, ...description }: LayerStatisticsJson): Contents {
  if (typeof arrays !== "object" || arrays === null) throw damaged("arrays", "an object", arrays);
  const available = Object.values(arrays).reduce(
    // A number of 8 bytes takes 32/3 characters.
    (sum, array) => sum + Math.floor(((array?.data?.length ?? 0) * 3) / 32),
    0,
  );
  return restore(description, available, (name, Kind) => {
    if (!Object.hasOwn(arrays, name)) return undefined;
    const { shape, data } = arrays[name] ?? {};
    if (typeof data !== "string") throw damaged(`${name}.data`, "base64 text", data);
    return { shape: shape ?? [], data: fromLittleEndian(fromBase64(name, data), Kind, name) };
  });
}

type ArrayKind = typeof Float64Array | typeof Uint32Array;
type FindArray = (name: string, Kind: ArrayKind) => SavedArray | undefined;

const damaged = (name: string, must: string, got: unknown) => typeError(WHERE, name, must, got);

/** @param available - How many numbers there are: what claims more is not even begun with. */
function restore(description: Description, available: number, find: FindArray): Contents {
  if (typeof description !== "object" || description === null) {
    throw damaged(DESCRIPTION, "a JSON object", description);
  }
  const { format, version, as: savedAs, x, y, features } = description;
  if (format !== FORMAT) throw damaged("format", show(FORMAT), format);
  if (version !== 1) throw damaged("version", "1", version);
  const as =
    savedAs === null ? undefined : checkOneOf(WHERE, "as", savedAs, ["dft", "samples", "pooled"]);
  const examples = checkInteger(WHERE, "examples", description.examples, { min: 0 });
  const rows = checkInteger(WHERE, "rows", description.rows, { min: examples });
  const layersX = savedLayers("x", x);
  const layersY = savedLayers("y", y);
  const ids = restoreIds(find, examples);
  const contents = {
    as,
    namesX: layersX.map(({ name }) => name),
    namesY: layersY.map(({ name }) => name),
    examples,
    ids,
  };
  const all = [...layersX, ...layersY];
  if (examples === 0 && all.every(({ shape }) => shape === null)) return contents;
  checkInteger(WHERE, "examples", examples, { min: 1 });
  const shapesX = layersX.map((layer) => checkShape("x", layer, as));
  const shapesY = layersY.map((layer) => checkShape("y", layer, as));
  const sizes = [...shapesX, ...shapesY].map((layer) =>
    hasReference(layer, as) ? product(layer.shape) : layer.shape.at(-1)!,
  );
  checkAvailable(Math.max(...sizes), available);
  const layout = layOut(shapesX, shapesY, as);
  const { columns, pairs } = layout.wiring;
  const scatters = columns.map((size) => size ** 2);
  const between = pairs.map(([x, y]) => columns[x]! * columns[y]!);
  checkAvailable(
    [...scatters, ...between].reduce((sum, size) => sum + size, 0),
    available,
  );
  const moments = emptyMoments(layout.wiring);
  moments.rows = rows;
  const references = new Map<number, MapsReference>();
  [...layout.layersX, ...layout.layersY].forEach((layer, i) => {
    if (!hasReference(layer, as)) return;
    const reference = emptyReference(layer, new Float64Array(product(layer.shape)));
    reference.norm = checkNumber(WHERE, `norm of ${layer.name}`, all[i]!.norm, { min: 0 });
    references.set(layer.firstFeature, reference);
  });
  const gathered = { layout, moments, references };
  for (const { name, shape, write } of places(gathered)) {
    write(checkArray(name, find(name, Float64Array), shape));
  }
  restoreScalars(moments, features);
  checkMoments(moments, layout);
  return { ...contents, gathered };
}

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

function checkAvailable(needed: number, available: number): void {
  if (needed <= available) return;
  throw damaged("arrays", `of ${needed} numbers or more, as the layers say`, available);
}

function savedLayers(side: string, layers: unknown): SavedLayer[] {
  if (!Array.isArray(layers) || layers.length === 0)
    throw damaged(side, "a list of layers", layers);
  // Not map, which would leave out the holes of a sparse array.
  const names = Array.from(layers as SavedLayer[], (layer, i) => {
    if (typeof layer?.name !== "string") throw damaged(`${side}[${i}].name`, "a text", layer?.name);
    return layer.name;
  });
  if (new Set(names).size < names.length)
    throw damaged(side, "of layers with different names", names);
  return layers;
}

function checkShape(
  side: "x" | "y",
  { name, shape }: SavedLayer,
  as: MapsAs | undefined,
): LayerShape {
  const where = `shape of ${side}[${show(name)}]`;
  const lengths = as === undefined ? [1] : [1, 3];
  if (!Array.isArray(shape) || !lengths.includes(shape.length)) {
    throw damaged(where, "a list of 1 or 3 sizes", shape);
  }
  for (const size of shape) checkInteger(WHERE, where, size, { min: 1, max: 2 ** 20 });
  return { side, name, shape };
}

function restoreIds(find: FindArray, examples: number): SeenIds | undefined {
  const saved = find("ids", Uint32Array);
  if (saved === undefined) return undefined;
  const { data, shape } = saved;
  if (!(data instanceof Uint32Array) || data.length !== 2 * examples) {
    throw damaged("ids", `an array of ${examples} × 2 words`, shape);
  }
  const ids = SeenIds.fromWords(data);
  if (!ids) throw damaged("ids", "all different", "some twice");
  return ids;
}

function checkArray(name: string, array: SavedArray | undefined, shape: number[]): Float64Array {
  if (array === undefined) throw damaged(name, "there", undefined);
  const { data } = array;
  const size = product(shape);
  const same = Array.isArray(array.shape) && array.shape.join() === shape.join();
  if (!(data instanceof Float64Array) || data.length !== size || !same) {
    throw damaged(name, `a float64 array of shape [${shape.join(", ")}]`, array.shape);
  }
  if (!data.every(Number.isFinite)) throw damaged(name, "finite everywhere", "something else");
  return data;
}

function restoreScalars(moments: Moments, saved: Description["features"]): void {
  if (!Array.isArray(saved) || saved.length !== moments.features.length) {
    throw damaged("features", `a list of ${moments.features.length}`, saved);
  }
  moments.features.forEach((feature, f) => {
    const { exponent, squares } = (saved[f] ?? {}) as Partial<Description["features"][number]>;
    feature.exponent = checkInteger(WHERE, `features[${f}].exponent`, exponent, {
      min: NO_SPREAD,
      max: 1100,
    });
    if (!Array.isArray(squares) || squares.length !== feature.partners.length) {
      throw damaged(`features[${f}].squares`, `${feature.partners.length} numbers`, squares);
    }
    feature.partners.forEach((partner, k) => {
      partner.squares = checkNumber(WHERE, `features[${f}].squares[${k}]`, squares[k], { min: 0 });
    });
  });
}

function checkMoments({ features }: Moments, { labels }: Layout): void {
  features.forEach(({ columns, minimum, maximum, scatter }, f) => {
    for (let i = 0; i < columns; i++) {
      if (minimum[i]! > maximum[i]!) {
        throw damaged(`${labels[f]}.minimum`, "at most the maximum", minimum[i]);
      }
      if (scatter[i * columns + i]! < 0) {
        throw damaged(`${labels[f]}.scatter`, ">= 0 on its diagonal", scatter[i * columns + i]);
      }
      for (let j = 0; j < i; j++) {
        if (scatter[i * columns + j] !== scatter[j * columns + i]) {
          throw damaged(`${labels[f]}.scatter`, "symmetric", scatter[i * columns + j]);
        }
      }
    }
  });
}

function littleEndian(data: SavedArray["data"]): Uint8Array {
  const bytes = new Uint8Array(data.length * data.BYTES_PER_ELEMENT);
  const view = new DataView(bytes.buffer);
  data.forEach((value, i) => {
    if (data instanceof Float64Array) view.setFloat64(8 * i, value, true);
    else view.setUint32(4 * i, value, true);
  });
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array, Kind: ArrayKind, name: string) {
  const count = bytes.length / Kind.BYTES_PER_ELEMENT;
  if (!Number.isInteger(count)) throw damaged(`${name}.data`, "whole numbers long", bytes);
  const view = new DataView(bytes.buffer);
  const result = new Kind(count);
  for (let i = 0; i < count; i++) {
    result[i] = Kind === Float64Array ? view.getFloat64(8 * i, true) : view.getUint32(4 * i, true);
  }
  return result;
}

/** In pieces, since a call takes only so many arguments; of a multiple of 3 bytes, so that they join. */
function toBase64(bytes: Uint8Array): string {
  const piece = 3 * 2 ** 13;
  let text = "";
  for (let at = 0; at < bytes.length; at += piece) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + piece)));
  }
  return text;
}

function fromBase64(name: string, text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw damaged(`${name}.data`, "base64 text", "something else");
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

import type { ShapedArray } from "../internal/matrix.js";
import { readArray } from "../node/index.js";
import { suggestion } from "./closest.js";
import { listed, type StoredArray } from "./contents.js";
import { CommandError } from "./errors.js";
import type { Arrange } from "./layout.js";
import { inShell } from "./libraryErrors.js";
import { counted, shapeText } from "./text.js";

/** The layers of a model that were asked for, in that order; each once. */
export function chooseLayers(
  where: string,
  file: string,
  arrays: readonly StoredArray[],
  wanted: readonly string[] | undefined,
): readonly StoredArray[] {
  if (arrays.length === 0) throw new CommandError(`${where}: ${file} must have an array, got none`);
  if (wanted === undefined) return arrays;
  const chosen = new Set<StoredArray>();
  for (const item of wanted.flatMap((text) => itemsOf(text, arrays))) {
    const found = arrays.filter(({ name }) => matches(name, item));
    if (found.length === 0) throw noSuchLayer(where, file, item, arrays);
    for (const array of found) chosen.add(array);
  }
  return [...chosen];
}

/** A name with a comma in it is not taken apart. */
const itemsOf = (text: string, arrays: readonly StoredArray[]): string[] =>
  arrays.some(({ name }) => name === text)
    ? [text]
    : text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");

/** `*` stands for any text; a name that holds one is still found by itself. */
function matches(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  const parts = pattern.split("*");
  if (parts.length === 1) return false;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  // Leftmost places of the middle parts are as good as any, which spares the cost of a regular expression.
  const end = name.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function noSuchLayer(
  where: string,
  file: string,
  item: string,
  arrays: readonly StoredArray[],
): CommandError {
  const names = arrays.map(({ name }) => name);
  const count = counted(names.length, "array");
  return new CommandError(
    `${where}: --layers must name some of the ${count} of ${file} (${listed(arrays)}), got "${item}"` +
      suggestion(item, names),
  );
}

/** Reads layers, in their order. A `Map`, since an object would move names that are whole numbers to its front. */
export async function readLayers(
  file: string,
  chosen: readonly StoredArray[],
  arrange: Arrange,
  onLayer: () => void,
): Promise<Map<string, ShapedArray>> {
  const layers = new Map<string, ShapedArray>();
  for (const { name, shape } of chosen) {
    const stored = await readArray(file, name);
    const about = `It is "${name}" of ${file}, ${shapeText(shape)}. Choose others with --layers`;
    layers.set(name, await inShell(about, () => arrange(stored)));
    onLayer();
  }
  return layers;
}

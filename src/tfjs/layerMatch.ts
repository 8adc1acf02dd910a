import { rangeError, typeError } from "../internal/checks.js";
import type { ModelLayer } from "./model.js";

/**
 * Which layers are meant: a name, a list of names, a regular expression that the name contains, or a predicate. The
 * name of a nested model means all of its layers.
 */
export type LayerMatch = string | readonly string[] | RegExp | ((layer: ModelLayer) => boolean);

/**
 * The layers that are meant, in the model's order. A name, or a match, that meets no layer is an error, which calls the
 * match by the caller's name for it, `argument`.
 */
export function matchLayers(
  where: string,
  argument: string,
  layers: readonly ModelLayer[],
  match: LayerMatch,
): ModelLayer[] {
  const names = layers.map((layer) => layer.name).join(", ");
  const nothing = (got: unknown) =>
    rangeError(where, argument, `one or more of the layers ${names}`, got);

  if (typeof match === "string" || Array.isArray(match)) {
    const wanted: readonly unknown[] = typeof match === "string" ? [match] : match;
    const chosen = new Set<ModelLayer>();
    for (const name of wanted) {
      if (typeof name !== "string") throw typeError(where, argument, "made of layer names", name);
      const found = layers.filter((layer) => isOrHolds(name, layer.name));
      if (found.length === 0) throw nothing(name);
      for (const layer of found) chosen.add(layer);
    }
    if (chosen.size === 0) throw nothing(match);
    return layers.filter((layer) => chosen.has(layer));
  }

  let chosen: ModelLayer[];
  if (match instanceof RegExp) {
    // `search` has no memory, unlike `test` with the flags g and y.
    chosen = layers.filter((layer) => layer.name.search(match) !== -1);
  } else if (typeof match === "function") {
    chosen = layers.filter((layer) => match(layer));
  } else {
    throw typeError(where, argument, "a name, a list of names, a RegExp or a predicate", match);
  }
  if (chosen.length === 0) throw nothing(match instanceof RegExp ? String(match) : match);
  return chosen;
}

/** Of the layers that are meant, those that have weights; none is an error. */
export function matchWeightedLayers(
  where: string,
  argument: string,
  layers: readonly ModelLayer[],
  match: LayerMatch,
): ModelLayer[] {
  const matched = matchLayers(where, argument, layers, match);
  const chosen = matched.filter(hasWeights);
  if (chosen.length === 0) {
    const names = layers.filter(hasWeights).map((layer) => layer.name);
    const got = matched.map((layer) => layer.name).join(", ");
    throw rangeError(where, argument, `a layer with weights: ${names.join(", ")}`, got);
  }
  return chosen;
}

const hasWeights = ({ variables }: ModelLayer): boolean => variables.length > 0;

const isOrHolds = (name: string, layer: string): boolean =>
  layer === name || layer.startsWith(`${name}/`);

import { checkInteger, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { type LayerMatch, matchWeightedLayers } from "./layerMatch.js";
import type { ModelLayer } from "./model.js";
import type { OpenModel } from "./openModel.js";

/** Layers that stay as they are at the beginning of a training, or all through it. */
export interface FreezePeriod {
  /** Which layers. @defaultValue every layer that has weights, except for those of `except` */
  readonly layers?: LayerMatch;
  /** Which of them train all the same. @defaultValue none */
  readonly except?: LayerMatch;
  /** How many updates it takes, an integer >= 1. @defaultValue the whole training, unless there are `epochs` */
  readonly updates?: number;
  /** How many epochs it takes, an integer >= 1; instead of `updates`. */
  readonly epochs?: number;
}

/** Several periods run side by side: a layer trains when all that it is part of are over. */
export type Frozen = FreezePeriod | readonly FreezePeriod[];

/** Periods with their layers found and their updates counted. */
export interface FreezePlan {
  readonly periods: readonly {
    readonly layers: readonly ModelLayer[];
    /** The first update in which the layers train again, infinite if there is none. */
    readonly end: number;
  }[];
  /** The periods in the shape that they were given in, with positions of layers, since their names may change. */
  readonly settings: unknown;
}

/** Checks periods, and that something is left to train. */
export function planFreezes(
  where: string,
  frozen: Frozen | undefined,
  { layers, variables }: OpenModel,
  updatesPerEpoch: number | undefined,
): FreezePlan {
  if (frozen === undefined) return { periods: [], settings: null };
  const plan = (period: FreezePeriod, argument: string) => ({
    layers: layersOf(where, argument, layers, period),
    end: endOf(where, argument, period, updatesPerEpoch),
  });
  const list = isList(frozen);
  const periods = list
    ? frozen.map((period, i) => plan(period, `frozen[${i}]`))
    : [plan(frozen, "frozen")];
  const held = new Set(periods.flatMap((period) => period.layers));
  const isHeld = new Set([...held].flatMap((layer) => layer.variables));
  if (held.size > 0 && !variables.some((one) => one.trainable && !isHeld.has(one))) {
    const names = Array.from(held, ({ name }) => name).join(", ");
    throw rangeError(where, "frozen", "such that a layer is left to train", names);
  }
  const settings = periods.map((period) => ({
    layers: period.layers.map((layer) => layers.indexOf(layer)),
    updates: Number.isFinite(period.end) ? period.end : "all",
  }));
  return { periods, settings: list ? settings : settings[0] };
}

const isList = (frozen: Frozen): frozen is readonly FreezePeriod[] => Array.isArray(frozen);

function layersOf(
  where: string,
  argument: string,
  all: readonly ModelLayer[],
  period: FreezePeriod,
): ModelLayer[] {
  const keys = ["layers", "except", "updates", "epochs"];
  const must = `{ ${keys.join(", ")} }`;
  if (typeof period !== "object" || period === null) {
    throw typeError(where, argument, must, period);
  }
  checkOptions(`${where}: ${argument}`, period, keys);
  const { layers, except } = period;
  if (layers === undefined && except === undefined) {
    throw typeError(where, argument, "with layers, or with except", period);
  }
  const matched = matchWeightedLayers(where, `${argument}.layers`, all, layers ?? /(?:)/);
  if (except === undefined) return matched;
  const free = matchWeightedLayers(where, `${argument}.except`, all, except);
  const chosen = matched.filter((layer) => !free.includes(layer));
  if (chosen.length > 0) return chosen;
  const names = free.map(({ name }) => name).join(", ");
  throw rangeError(where, `${argument}.except`, "such that a layer is frozen", names);
}

function endOf(
  where: string,
  argument: string,
  { updates, epochs }: FreezePeriod,
  updatesPerEpoch: number | undefined,
): number {
  if (updates !== undefined) {
    checkInteger(where, `${argument}.updates`, updates, { min: 1 });
    if (epochs === undefined) return updates;
    throw rangeError(where, `${argument}.epochs`, "left out when there are updates", epochs);
  }
  if (epochs === undefined) return Number.POSITIVE_INFINITY;
  checkInteger(where, `${argument}.epochs`, epochs, { min: 1 });
  if (updatesPerEpoch !== undefined) return epochs * updatesPerEpoch;
  const must = "given together with updatesPerEpoch, which says how long one is";
  throw rangeError(where, `${argument}.epochs`, must, epochs);
}

import { checkInteger, checkOptions, typeError } from "../internal/checks.js";
import { type Frozen, planFreezes } from "./freezePlan.js";
import { Freezer } from "./freezer.js";
import type { Model } from "./model.js";
import { openModel } from "./openModel.js";
import type { Optimizer } from "./optimizer.js";

export interface FreezeForOptions {
  /** Updates of an epoch, an integer >= 1; needed if a period is given in epochs. */
  updatesPerEpoch?: number;
  /** An optimizer of closerlook, which forgets the momentum of what is frozen, as in `train`. @defaultValue none */
  optimizer?: Optimizer;
}

/** What `freezeFor` returns. */
export interface Freezing {
  /** Names of the layers that are frozen now, in the model's order. */
  readonly frozen: readonly string[];
  /**
   * Freezes and thaws, so that the model is ready for update number `update`, counted from 0. Only the number counts: a
   * loop may begin in the middle, or go back. After `restore` it throws an Error.
   */
  enter(update: number): void;
  /** Makes all layers as they were, for good. Calling it again does nothing. */
  restore(): void;
}

/**
 * Freezes layers for the first updates or epochs of a loop of one's own, by the same periods as `frozen` of {@link train}.
 *
 *     a layer is frozen in update k   ⇔   k < end of any period that it is part of,    k = 0, 1, 2, …
 *
 * Nothing is frozen before the first `enter`. What frozen means, down to the statistics of batch norm, is said at
 * {@link freezeLayers}. In `model.fit` of tf.layers the place for `enter` is the callback `onBatchBegin`. Compile the model
 * before the first `enter`, or again after `restore` (with a new optimizer or a {@link keyedByVariable} one): what was frozen
 * when it was compiled stays out of `fit`, thawed or not.
 *
 * @param model - A tf.layers model or `{ variables, apply }`.
 * @param frozen - One period or several, see {@link FreezePeriod}.
 * @param options - See {@link FreezeForOptions}.
 * @returns See {@link Freezing}.
 * @throws RangeError or TypeError if a match meets no layer with weights, nothing is left to train, or a number is out of
 * range. `enter` throws them for a number that is no integer >= 0, and an Error after `restore`.
 * @example The first layer joins after two updates
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { freezeFor, sgd, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 4, inputShape: [1], name: "body" }),
 *     tf.layers.dense({ units: 1, name: "head" }),
 *   ],
 * });
 * const { variables } = weightsOf(model);
 * const x = tf.ones([2, 1]);
 * const loss = () => tf.mean(tf.square(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
 * const optimizer = sgd({ momentum: 0.9 });
 * const freezing = freezeFor(model, { layers: "body", updates: 2 }, { optimizer });
 * const frozen: string[][] = [];
 * for (let update = 0; update < 4; update++) {
 *   freezing.enter(update);
 *   tf.tidy(() => {
 *     const trainable = variables.filter((one) => one.trainable).map(({ variable }) => variable);
 *     const { grads } = tf.variableGrads(loss, trainable);
 *     optimizer.apply(trainable.map((variable) => [variable, grads[variable.name]]), 0.1);
 *   });
 *   frozen.push([...freezing.frozen]);
 * }
 * freezing.restore();
 * frozen; // [["body"], ["body"], [], []]
 * ```
 */
export function freezeFor(model: Model, frozen: Frozen, options: FreezeForOptions = {}): Freezing {
  const where = "freezeFor";
  checkOptions(where, options, ["updatesPerEpoch", "optimizer"]);
  const { updatesPerEpoch, optimizer } = options;
  if (updatesPerEpoch !== undefined) {
    checkInteger(where, "updatesPerEpoch", updatesPerEpoch, { min: 1 });
  }
  if (optimizer !== undefined && typeof optimizer?.clear !== "function") {
    throw typeError(where, "optimizer", "an optimizer of closerlook, e.g. sgd()", optimizer);
  }
  if (frozen === undefined) throw typeError(where, "frozen", "one period or several", frozen);
  const opened = openModel(where, model);
  const freezer = new Freezer(planFreezes(where, frozen, opened, updatesPerEpoch), optimizer);
  let restored = false;
  return {
    get frozen() {
      return opened.layers.filter((layer) => freezer.holds(layer)).map(({ name }) => name);
    },
    enter(update) {
      if (restored) {
        throw new Error(
          "freezeFor.enter: must come before restore. Call freezeFor again to freeze again",
        );
      }
      freezer.enter(checkInteger("freezeFor.enter", "update", update, { min: 0 }));
    },
    restore() {
      restored = true;
      freezer.restore();
    },
  };
}

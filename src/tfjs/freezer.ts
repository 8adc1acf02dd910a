import type { FreezePlan } from "./freezePlan.js";
import { type FrozenLayers, holdLayers } from "./holdLayers.js";
import type { ModelLayer } from "./model.js";
import type { Optimizer } from "./optimizer.js";

/** Freezes and thaws layers as a plan says. */
export class Freezer {
  readonly #plan: FreezePlan;
  readonly #optimizer: Optimizer | undefined;
  /** By period under way. */
  readonly #handles = new Map<FreezePlan["periods"][number], FrozenLayers>();

  constructor(plan: FreezePlan, optimizer: Optimizer | undefined) {
    this.#plan = plan;
    this.#optimizer = optimizer;
  }

  /** Brings the model to what it is in update number `update`, from 0, whatever it was before. */
  enter(update: number): void {
    for (const period of this.#plan.periods) {
      const handle = this.#handles.get(period);
      if (update >= period.end) {
        handle?.restore();
        this.#handles.delete(period);
      } else if (!handle) {
        this.#handles.set(period, holdLayers(period.layers));
        this.#optimizer?.clear(
          period.layers.flatMap(({ variables }) => variables.map(({ variable }) => variable)),
        );
      }
    }
  }

  holds(layer: ModelLayer): boolean {
    return Array.from(this.#handles.keys()).some(({ layers }) => layers.includes(layer));
  }

  restore(): void {
    for (const handle of this.#handles.values()) handle.restore();
    this.#handles.clear();
  }
}

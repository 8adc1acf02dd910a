import { rangeError } from "../internal/checks.js";
import type { AlignedVariable } from "./alignUnits.js";
import { offsetsOf, type VariableLayout } from "./variableLayout.js";

/**
 * The variables of a plain chain of layers, with the groups of units along their axes, for {@link alignUnits}.
 *
 * A kernel's last axis counts the units of its layer, the axis before it those of the layer below; biases and
 * parameters of normalisation belong to the layer above whose kernel they stand. After a flattening of maps
 * `[height, width, channels]` a dense kernel has several rows for each channel, channels varying fastest, as
 * TensorFlow.js lays them. Inputs and the last layer's outputs keep their order. A group has the name of its layer:
 * that of the kernel up to the last slash.
 *
 * Networks with branches, depthwise or recurrent kernels are no plain chains; describe their variables by hand.
 *
 * @param layout - The variables in the order of the weights, such as `weightsOf(model).variables`.
 * @returns What `alignUnits` takes; the input axis of a kernel is split into rows for each unit, and units.
 * @throws RangeError if the sizes of successive layers do not fit, or a kernel is depthwise or recurrent; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { chainOfLayers } from "closerlook/landscape";
 * const layout = [
 *   { name: "hidden/kernel", shape: [3, 2] },
 *   { name: "hidden/bias", shape: [2] },
 *   { name: "out/kernel", shape: [2, 4] },
 * ];
 * const [kernel, bias, output] = chainOfLayers(layout);
 * kernel?.groups; // [null, null, "hidden"]
 * bias?.groups; // ["hidden"]
 * output?.groups; // [null, "hidden", null]
 * output?.shape; // [1, 2, 4]
 * ```
 */
export function chainOfLayers(layout: readonly VariableLayout[]): AlignedVariable[] {
  const where = "chainOfLayers";
  const variables = offsetsOf(where, layout);
  const lastKernel = variables.findLastIndex(({ shape }) => shape.length >= 2);
  /** The units that the next variable sees; none of the input yet. */
  let units = { group: null as string | null, count: undefined as number | undefined };
  return variables.map(({ name, shape, offset }, i) => {
    if (/depthwise|recurrent/.test(name)) {
      throw rangeError(where, name, "an ordinary kernel", shape, "Describe its axes by hand");
    }
    if (shape.length < 2) {
      if (units.count !== undefined && shape.length === 1 && shape[0] !== units.count) {
        throw rangeError(
          where,
          `the size of ${name}`,
          `${units.count}, as its layer has`,
          shape[0],
        );
      }
      return { offset, shape, groups: shape.map(() => units.group) };
    }
    const inputs = shape.at(-2)!;
    const rows = inputs / (units.count ?? inputs);
    // Only a dense layer sees flattened maps.
    if (!Number.isInteger(rows) || (rows !== 1 && shape.length !== 2)) {
      const must = `${units.count}, the units of the layer below`;
      throw rangeError(where, `the inputs of ${name}`, must, inputs);
    }
    const below = units.group;
    const own = i === lastKernel ? null : name.replace(/\/[^/]*$/, "");
    units = { group: own, count: shape.at(-1)! };
    return {
      offset,
      shape: [...shape.slice(0, -2), rows, inputs / rows, shape.at(-1)!],
      groups: [...shape.slice(0, -2).map(() => null), null, below, own],
    };
  });
}

import { checkInteger, rangeError, typeError } from "../internal/checks.js";

/** A variable of a network; `weightsOf(model).variables` of `closerlook/tfjs` are of this kind. */
export interface VariableLayout {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Where each variable lies in flat weights: one after another, in the order of the list. Thus the layout of the trainable
 * weights is the list of the trainable variables.
 */
export function offsetsOf(where: string, layout: readonly VariableLayout[], length?: number) {
  if (!Array.isArray(layout)) throw typeError(where, "layout", "an array of variables", layout);
  let end = 0;
  const placed = (layout as readonly VariableLayout[]).map((variable, i) => {
    if (!Array.isArray(variable?.shape) || typeof variable.name !== "string") {
      throw typeError(where, `layout[${i}]`, "an object with name and shape", variable);
    }
    const { name, shape } = variable;
    for (const size of shape) checkInteger(where, `the shape of ${name}`, size, { min: 0 });
    const size = shape.reduce((a, b) => a * b, 1);
    end += size;
    return { name, shape, offset: end - size, size };
  });
  if (length !== undefined && end !== length) {
    throw rangeError(where, "the number of weights in layout", `${length}, as given`, end);
  }
  return placed;
}

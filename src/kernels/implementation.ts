import type { LinearAlgebra } from "./linearAlgebra.js";
import { plainLinearAlgebra } from "./plainLinearAlgebra.js";
import { compileKernels, singleProcessor } from "./processor.js";
import { wasmLinearAlgebra } from "./wasmLinearAlgebra.js";

let inUse: LinearAlgebra | undefined;

/** Set up at the first use, so that an import alone costs nothing. */
function implementation(): LinearAlgebra {
  inUse ??= withKernels() ?? plainLinearAlgebra;
  return inUse;
}

function withKernels(): LinearAlgebra | undefined {
  const kernels = compileKernels();
  if (!kernels) return undefined;
  try {
    return wasmLinearAlgebra(singleProcessor(kernels));
  } catch {
    // Address space for a memory may be refused, by a limit of the shell or of a cluster's scheduler.
    return undefined;
  }
}

/** Lets another implementation compute from now on; without an argument the calling thread's own. */
export function useLinearAlgebra(other?: LinearAlgebra): void {
  inUse = other;
}

/** The implementation in use. */
export const linearAlgebra: LinearAlgebra = {
  get kind() {
    return implementation().kind;
  },
  columnStatistics: (x) => implementation().columnStatistics(x),
  gram: (x) => implementation().gram(x),
  outerGram: (x) => implementation().outerGram(x),
  crossProduct: (x, y) => implementation().crossProduct(x, y),
  crossProducts: (xs, ys) => implementation().crossProducts(xs, ys),
  product: (x, y) => implementation().product(x, y),
  symmetricEigen: (a, kept) => implementation().symmetricEigen(a, kept),
  symmetricEigenOfAll: (list) => implementation().symmetricEigenOfAll(list),
  singularValues: (a) => implementation().singularValues(a),
  singularValuesOfAll: (list) => implementation().singularValuesOfAll(list),
  frequencyCca: (x, y, frequencies, kept) => implementation().frequencyCca(x, y, frequencies, kept),
  thinSvd: (a) => implementation().thinSvd(a),
};

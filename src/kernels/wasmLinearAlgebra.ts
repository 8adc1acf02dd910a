import { Arena } from "./arena.js";
import { decompositionsOf } from "./decompositions.js";
import { frequenciesOf } from "./frequencies.js";
import type { LinearAlgebra } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";
import { productsOf } from "./products.js";

/** The implementation on the kernels. */
export function wasmLinearAlgebra(processor: Processor): LinearAlgebra {
  const arena = new Arena(processor.memory);
  return {
    kind: "wasm",
    ...productsOf(processor, arena),
    ...decompositionsOf(processor, arena),
    ...frequenciesOf(processor, arena),
  };
}

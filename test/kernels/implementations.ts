import {
  compileKernels,
  type LinearAlgebra,
  plainLinearAlgebra,
  wasmLinearAlgebra,
} from "../../src/kernels/index.js";
import { singleProcessor } from "../../src/kernels/processor.js";

/** What every test of linear algebra runs on. */
export const implementations: readonly (readonly [string, LinearAlgebra])[] = [
  ["kernels", wasmLinearAlgebra(singleProcessor(compileKernels()!))],
  ["plain TypeScript", plainLinearAlgebra],
];

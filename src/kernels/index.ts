export { materialised, scaleColumns, scaleRows, takeColumns, transposed, zeros } from "./dense.js";
export { linearAlgebra, useLinearAlgebra } from "./implementation.js";
export type {
  LinearAlgebra,
  MapsOperand,
  Operand,
  Shift,
  SymmetricEigen,
} from "./linearAlgebra.js";
export { plainLinearAlgebra } from "./plainLinearAlgebra.js";
export {
  type CompiledKernels,
  compileKernels,
  instantiate,
  MAX_PAGES,
  type Processor,
  sharedModule,
} from "./processor.js";
export { wasmLinearAlgebra } from "./wasmLinearAlgebra.js";

export { instantiate, MAX_PAGES, sharedModule } from "./compiledModule.js";
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
export { compileKernels, type Processor } from "./processor.js";
export { wasmLinearAlgebra } from "./wasmLinearAlgebra.js";

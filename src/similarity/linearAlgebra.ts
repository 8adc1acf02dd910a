export {
  linearAlgebra,
  type MapsOperand,
  materialised,
  type Operand,
  type Shift,
  type SymmetricEigen,
  scaleColumns,
  scaleRows,
  takeColumns,
  transposed,
  zeros,
} from "../kernels/index.js";

export {
  linearAlgebra,
  type MapsOperand,
  materialised,
  type Operand,
  type Shift,
  scaleColumns,
  takeColumns,
  transposed,
  zeros,
} from "../kernels/index.js";

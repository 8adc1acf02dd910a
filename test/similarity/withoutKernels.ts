import { plainLinearAlgebra, useLinearAlgebra } from "../../src/kernels/index.js";

useLinearAlgebra(plainLinearAlgebra);

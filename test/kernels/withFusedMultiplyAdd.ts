import { compileKernels } from "../../src/kernels/index.js";

if (!compileKernels()?.fusedMultiplyAdd) throw new Error("this runtime must have relaxed SIMD");

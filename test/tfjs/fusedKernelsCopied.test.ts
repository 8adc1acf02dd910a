import { testFusedKernels } from "./fusedKernels.js";

testFusedKernels("copied");

import { testFusedKernels } from "./fusedKernels.js";

testFusedKernels("direct");

export { convolve } from "./convolution";
export { filterGradient, sumParts } from "./filterGradient";
export { multiplyAdd, multiplyAddLane, repeatMultiplyAdd } from "./microKernel";
export { packPanel, transposeStripe } from "./packPanels";

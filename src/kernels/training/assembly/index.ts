export { convolve } from "./convolution";
export { depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise";
export { filterGradient, sumParts } from "./filterGradient";
export { multiplyAdd, multiplyAddLane, repeatMultiplyAdd } from "./microKernel";
export { packPanel, transposeStripe } from "./packPanels";

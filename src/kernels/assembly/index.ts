export { singularValuesOfItem, symmetricEigenOfItem } from "./batches";
export { transformImage, transformScratchBytes } from "./fourier";
export { frequencyCca, frequencyCcaResults, frequencyCcaScratchBytes } from "./frequencyCca";
export { hermitianEigen, hermitianEigenScratchBytes } from "./hermitian";
export { thinSvd, thinSvdScratchBytes } from "./jacobiSvd";
export {
  columnItems,
  columnStatistics,
  multiplyListedTile,
  multiplyTile,
  packItems,
  packOperand,
  tileItems,
} from "./operands";
export {
  applyQBlock,
  applyQFirstBlock,
  qrBlock,
  qrFactorLength,
  qrFirstBlock,
  qrScratchBytes,
} from "./qr";
export { singularValuesScratchBytes } from "./singularValues";
export { symmetricEigen, symmetricEigenScratchBytes } from "./symmetricEigen";

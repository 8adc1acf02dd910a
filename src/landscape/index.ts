export type { StopSignal } from "../internal/stopSignal.js";
export {
  type AlignedVariable,
  type AlignUnitsOptions,
  type AlignUnitsResult,
  alignUnits,
} from "./alignUnits.js";
export { averageWeights } from "./averageWeights.js";
export { chainOfLayers } from "./chainOfLayers.js";
export { mergeSurfaces } from "./mergeSurfaces.js";
export { pairwiseDistances } from "./pairwiseDistances.js";
export type { Plane, PlaneCoordinates } from "./plane.js";
export { type PlaneGrid, type PlaneGridOptions, planeGrid } from "./planeGrid.js";
export { planeThrough } from "./planeThrough.js";
export { type Projection, type ProjectOptions, project } from "./project.js";
export { type RandomDirectionOptions, randomDirection } from "./randomDirection.js";
export {
  type BasinResult,
  type SameBasinOptions,
  type SurfaceCell,
  sameBasin,
} from "./sameBasin.js";
export { type SurfaceOptions, type SurfacePlace, surface } from "./surface.js";
export type { SurfaceData } from "./surfaceData.js";
export {
  type TrajectoryPlaneOptions,
  type TrajectoryPlaneResult,
  trajectoryPlane,
} from "./trajectoryPlane.js";
export type { VariableLayout } from "./variableLayout.js";
export { WeightAverage } from "./weightAverage.js";

export { averageWeights } from "./averageWeights.js";
export { mergeSurfaces } from "./mergeSurfaces.js";
export type { Plane, PlaneCoordinates } from "./plane.js";
export { type PlaneGrid, type PlaneGridOptions, planeGrid } from "./planeGrid.js";
export { planeThrough } from "./planeThrough.js";
export { type Projection, type ProjectOptions, project } from "./project.js";
export {
  type RandomDirectionOptions,
  randomDirection,
  type VariableLayout,
} from "./randomDirection.js";
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
export { WeightAverage } from "./weightAverage.js";

export { pairwiseDistances } from "./pairwiseDistances.js";
export type { Plane, PlaneCoordinates } from "./plane.js";
export { planeThrough } from "./planeThrough.js";
export { type Projection, type ProjectOptions, project } from "./project.js";

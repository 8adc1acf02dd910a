export { type Barrier, type BarrierOptions, barrier, type LossProfile } from "./barrier.js";
export type { Curve } from "./curve.js";
export { lineSegment } from "./lineSegment.js";
export { PolyChainCurve, type PolyChainCurveOptions } from "./polyChainCurve.js";

export type { StopSignal } from "../internal/stopSignal.js";
export { type Barrier, type BarrierOptions, barrier, type LossProfile } from "./barrier.js";
export { BezierCurve } from "./bezierCurve.js";
export type { CurveOptions, NoisyLine } from "./controlPoints.js";
export type { Curve } from "./curve.js";
export { type FindBarrierOptions, findBarrier, type PathMeasurement } from "./findBarrier.js";
export { lineSegment } from "./lineSegment.js";
export { PolyChainCurve } from "./polyChainCurve.js";
export { type ProfileStatistics, profileStatistics } from "./profileStatistics.js";

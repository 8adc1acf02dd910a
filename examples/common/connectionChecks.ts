import type { Barrier } from "closerlook/curves";
import { sameBasin } from "closerlook/landscape";
import { type MeasuredPair, type MeasuredPlane, pairName } from "./connections.js";
import type { DataName, PathProfile } from "./paths.js";
import {
  accuracyNoise,
  decide,
  every,
  exactly,
  type Finding,
  percent,
  type Verdict,
} from "./verdicts.js";

/** A loss for people: three decimals, more where it is small. */
export const nats = (value: number): string =>
  Math.abs(value) >= 0.01 || value === 0 ? value.toFixed(3) : value.toPrecision(2);

const first = (values: readonly number[]) => values[0]!;
const last = (values: readonly number[]) => values.at(-1)!;
const middle = (values: readonly number[]) => values[(values.length - 1) / 2]!;
const higherEnd = (values: readonly number[]) => Math.max(first(values), last(values));
const lowerEnd = (values: readonly number[]) => Math.min(first(values), last(values));

/** Several pairs in one check: all must hold. */
export function ofPairs(
  pairs: readonly MeasuredPair[],
  judge: (pair: MeasuredPair) => Finding,
): Finding {
  const findings = pairs.map(judge);
  return {
    verdict: every(findings.map(({ verdict }) => verdict)),
    ours: findings.map(({ ours }, i) => `${pairName(pairs[i]!.pair)}: ${ours}`).join("; "),
  };
}

/** There is a barrier: above a hundredth of the higher end, and above twice the noise. */
function hasBarrier({ height, standardError = 0, holds }: Barrier, end: number): Verdict {
  if (holds) return "holds";
  return height > 0.01 * end && height < 2 * standardError ? "not decided" : "does not hold";
}

/** X3.a, X3.b, X7.a: the training loss on the segment rises above both ends. */
export function segmentHasBarrier({ segment }: MeasuredPair): Finding {
  const { loss, barriers } = segment.train;
  return {
    verdict: hasBarrier(barriers.max, higherEnd(loss)),
    ours: `B ${nats(barriers.max.height)} above ${nats(higherEnd(loss))}, chord excess ${nats(barriers.chord.height)}`,
  };
}

/** X3.c: on the curve it does not, within a fifth of the segment's barrier. */
export function curveHasNoBarrier({ segment, curve }: MeasuredPair): Finding {
  const onCurve = curve!.train.barriers.max;
  const allowed = Math.max(onCurve.tolerance, 0.2 * segment.train.barriers.max.height);
  return {
    verdict: exactly(onCurve.height <= allowed),
    ours: `${nats(onCurve.height)} (allowed ${nats(allowed)})`,
  };
}

/** X3.d: the barrier on the segment is higher than the one on the curve. */
export function segmentIsHigherThanCurve({ segment, curve }: MeasuredPair): Finding {
  return isHigher(segment.train.barriers.max, curve!.train.barriers.max);
}

/** X4.c: the first barrier is higher than the second. */
export function isHigher(a: Barrier, b: Barrier): Finding {
  return {
    verdict: decide(a.height - b.height, Math.max(a.tolerance, b.tolerance)),
    ours: `${nats(a.height)} against ${nats(b.height)}`,
  };
}

/** X4.a: no barrier on the segment. */
export function segmentHasNoBarrier({ segment }: MeasuredPair): Finding {
  const { height, tolerance, holds } = segment.train.barriers.max;
  return { verdict: exactly(!holds), ours: `B ${nats(height)} (allowed ${nats(tolerance)})` };
}

/** X4.b: along the segment the training loss falls, almost as a straight line. */
export function segmentFallsInLine({ segment }: MeasuredPair): Finding {
  const { loss, barriers } = segment.train;
  let least = Infinity;
  let rise = 0;
  for (const value of loss) {
    least = Math.min(least, value);
    rise = Math.max(rise, value - least);
  }
  const change = Math.abs(last(loss) - first(loss));
  const { height, tolerance } = barriers.chord;
  return {
    verdict: every([
      exactly(rise <= Math.max(tolerance, barriers.max.tolerance)),
      decide(0.25 * change - height, tolerance),
    ]),
    ours: `${nats(first(loss))} → ${nats(last(loss))}, largest rise ${nats(rise)}, chord excess ${nats(height)}`,
  };
}

/** X5.a: the bend has a lower training loss than the later iterate. */
export function bendFitsBetter({ curve }: MeasuredPair): Finding {
  const { loss, errors } = curve!.train;
  return {
    verdict: decide(last(loss) - middle(loss), 2 * errors.middleEnd),
    ours: `${nats(last(loss))} at the later end, ${nats(middle(loss))} at the bend`,
  };
}

/** X5.b, X7.c: the bend has a higher validation loss than both iterates. */
export function bendGeneralizesWorse({ curve }: MeasuredPair): Finding {
  return middleAgainstEnds(curve!.test, 1, "bend");
}

/** Whether the middle is above (sign 1) or below (−1) both ends by more than the noise. */
function middleAgainstEnds({ loss, errors }: PathProfile, sign: 1 | -1, name: string): Finding {
  return {
    verdict: every([
      decide(sign * (middle(loss) - first(loss)), 2 * errors.startMiddle),
      decide(sign * (middle(loss) - last(loss)), 2 * errors.middleEnd),
    ]),
    ours: `${nats(middle(loss))} at the ${name}, ends ${nats(first(loss))} and ${nats(last(loss))}`,
  };
}

/** X5.c, X7.d: half-way on the segment the training loss is above both ends and the validation loss below. */
export function averageGeneralizesBetter({ segment }: MeasuredPair): Finding {
  const train = middleAgainstEnds(segment.train, 1, "middle");
  const test = middleAgainstEnds(segment.test, -1, "middle");
  return {
    verdict: every([train.verdict, test.verdict]),
    ours: `training ${train.ours}; validation ${test.ours}`,
  };
}

/** Row and column of a place that is on the grid. */
function cellOf({ surface: { x, y } }: MeasuredPlane, place: { x: number; y: number }) {
  return { row: y.indexOf(place.y), column: x.indexOf(place.x) };
}

/** X5.d: beside each iterate there is a cell with a lower training loss. */
export function iteratesAreNoMinima(plane: MeasuredPlane): Finding {
  const values = plane.surface.values.train!;
  const findings = plane.corners.slice(0, 2).map((place) => {
    const { row, column } = cellOf(plane, place);
    const own = values[row]![column]!;
    const around = [-1, 0, 1]
      .flatMap((r) => [-1, 0, 1].map((c) => values[row + r]?.[column + c]))
      .filter((value) => value !== undefined && value !== null);
    return { own, least: Math.min(...around) };
  });
  return {
    verdict: exactly(findings.every(({ own, least }) => least < own)),
    ours: findings.map(({ own, least }) => `${nats(own)}, beside it ${nats(least)}`).join("; "),
  };
}

/** X5.e, X7.b: a way in the plane, over cells or along the curve, that is not higher than the ends. */
export function iteratesShareBasin(plane: MeasuredPlane, { curve }: MeasuredPair): Finding {
  const { loss, barriers } = curve!.train;
  const [from, to] = plane.corners.slice(0, 2).map((place) => cellOf(plane, place));
  const { tolerance } = barriers.max;
  const overCells = sameBasin(plane.surface.values.train!, from!, to!, { tolerance }).highest;
  const alongCurve = Math.max(...loss);
  const ends = higherEnd(loss);
  return {
    verdict: exactly(Math.min(overCells, alongCurve) <= ends + tolerance),
    ours: `highest ${nats(overCells)} over cells, ${nats(alongCurve)} along the curve; ends ${nats(ends)}, allowed + ${nats(tolerance)}`,
  };
}

/** X6.a: training accuracy falls below both ends on the segment, and not on the curve. */
export function accuracyFallsOnSegmentOnly({ segment, curve }: MeasuredPair): Finding {
  const drop = ({ accuracy }: PathProfile) => lowerEnd(accuracy) - Math.min(...accuracy);
  const noise = ({ accuracy }: PathProfile) =>
    accuracyNoise(lowerEnd(accuracy), Math.min(...accuracy), segment.images.train);
  const [onSegment, onCurve] = [drop(segment.train), drop(curve!.train)];
  return {
    verdict: every([
      decide(onSegment, noise(segment.train)),
      exactly(onCurve <= Math.max(0.005, noise(curve!.train))),
    ]),
    ours: `lower by ${percent(onSegment)} on the segment, ${percent(onCurve)} on the curve`,
  };
}

/** X6.b: training accuracy on the segment is never more than half a point below the lower end. */
export function accuracyKeepsOnSegment({ segment }: MeasuredPair): Finding {
  const { accuracy } = segment.train;
  const drop = lowerEnd(accuracy) - Math.min(...accuracy);
  return { verdict: exactly(drop <= 0.005), ours: `lower by ${percent(drop)}` };
}

/** X6.c: the bend has a higher validation loss than the mean of the ends. */
export function bendIsAboveMeanOfEnds({ curve }: MeasuredPair): Finding {
  const { loss, errors } = curve!.test;
  const ends = (first(loss) + last(loss)) / 2;
  return {
    verdict: decide(middle(loss) - ends, errors.startMiddle + errors.middleEnd),
    ours: `${nats(middle(loss))} against ${nats(ends)}`,
  };
}

/** One line about a pair for people: ends, segment, curve, distances. */
export function describePair({ pair, epochs, segment, curve }: MeasuredPair): string {
  const ends = (kind: DataName) =>
    `${nats(first(segment[kind].loss))} and ${nats(last(segment[kind].loss))}`;
  const top = ({ loss, barriers }: PathProfile) =>
    `at most ${nats(Math.max(...loss))} (B ${nats(barriers.max.height)}, chord excess ${nats(barriers.chord.height)})`;
  const onCurve = curve
    ? `; on the curve ${top(curve.train)}, ${curve.length.toFixed(1)} long`
    : "";
  return (
    `${pairName(pair)} (our epochs ${epochs.join(" and ")}), ${segment.distance.toFixed(1)} apart: training loss ` +
    `${ends("train")} at the ends, on the segment ${top(segment.train)}${onCurve}; validation loss ${ends("test")}.`
  );
}

/** How far the drawn iterates are from the plane, and how much of their loss is seen on it. */
export function describePlane({ iterates }: MeasuredPlane): string {
  const shares = iterates.map(({ relativeResidual }) => relativeResidual);
  const worst = Math.max(...iterates.map(({ loss, lossOnPlane }) => Math.abs(lossOnPlane - loss)));
  return (
    `Iterates are ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} of their distance from the plane's ` +
    `first corner away from the plane; the loss under a dot differs from the iterate's own by up to ${nats(worst)}.`
  );
}

import { barrier } from "closerlook/curves";
import { describe, expect, test } from "vitest";
import * as claims from "../../examples/common/connectionChecks.js";
import type { MeasuredPair, MeasuredPlane } from "../../examples/common/connections.js";
import type { MeasuredPath, PathProfile } from "../../examples/common/paths.js";

const t = [0, 0.25, 0.5, 0.75, 1];

const profile = (loss: number[], accuracy = loss.map(() => 1)): PathProfile => ({
  loss,
  accuracy,
  barriers: {
    max: barrier({ t, loss, standardError: t.map(() => 0.001) }),
    chord: barrier({ t, loss, standardError: t.map(() => 0.001) }, { definition: "chord" }),
  },
  errors: { startMiddle: 0.01, middleEnd: 0.01, startEnd: 0.01 },
});

const path = (train: PathProfile, test = train): MeasuredPath["numbers"] => ({
  t,
  length: 2,
  distance: 1,
  images: { train: 1000, test: 1000 },
  train,
  test,
});

const pair = (
  segment: MeasuredPath["numbers"],
  curve: MeasuredPath["numbers"] = path(profile([0.1, 0.1, 0.05, 0.1, 0.1])),
): MeasuredPair => ({ pair: { from: 70, to: 150 }, epochs: [70, 150], segment, curve });

const bump = path(profile([0.1, 0.3, 0.6, 0.3, 0.1]));
const slope = path(profile([0.5, 0.4, 0.3, 0.2, 0.1]));

describe("barriers", () => {
  test("are found on a bump and not on a slope", () => {
    expect(claims.segmentHasBarrier(pair(bump)).verdict).toBe("holds");
    expect(claims.segmentHasBarrier(pair(slope)).verdict).toBe("does not hold");
    expect(claims.segmentHasNoBarrier(pair(slope)).verdict).toBe("holds");
    expect(claims.segmentHasNoBarrier(pair(bump)).verdict).toBe("does not hold");
  });

  test("inside of the noise are not decided", () => {
    const small = path(profile([0.1, 0.1, 0.102, 0.1, 0.1]));
    expect(claims.segmentHasBarrier(pair(small)).verdict).toBe("not decided");
  });

  test("on the curve may be a fifth of those on the segment", () => {
    const curve = (top: number) => path(profile([0.1, 0.1, top, 0.1, 0.1]));
    expect(claims.curveHasNoBarrier(pair(bump, curve(0.19))).verdict).toBe("holds");
    expect(claims.curveHasNoBarrier(pair(bump, curve(0.21))).verdict).toBe("does not hold");
    expect(claims.segmentIsHigherThanCurve(pair(bump, curve(0.2))).verdict).toBe("holds");
    expect(claims.segmentIsHigherThanCurve(pair(slope, curve(0.2))).verdict).toBe("does not hold");
  });
});

describe("a segment that falls in line", () => {
  test("neither rises nor bulges by more than a quarter of its fall", () => {
    expect(claims.segmentFallsInLine(pair(slope)).verdict).toBe("holds");
    const bulge = path(profile([0.5, 0.48, 0.46, 0.3, 0.1]));
    expect(claims.segmentFallsInLine(pair(bulge)).verdict).toBe("does not hold");
    const rise = path(profile([0.5, 0.3, 0.4, 0.2, 0.1]));
    expect(claims.segmentFallsInLine(pair(rise)).verdict).toBe("does not hold");
  });
});

describe("the bend and the middle", () => {
  const curve = (train: number, test: number) =>
    path(profile([0.2, 0.1, train, 0.1, 0.1]), profile([1, 1, test, 1, 1.2]));

  test("fits better or not", () => {
    expect(claims.bendFitsBetter(pair(bump, curve(0.05, 1))).verdict).toBe("holds");
    expect(claims.bendFitsBetter(pair(bump, curve(0.15, 1))).verdict).toBe("does not hold");
    expect(claims.bendFitsBetter(pair(bump, curve(0.09, 1))).verdict).toBe("not decided");
  });

  test("generalises worse than both ends, or than their mean", () => {
    expect(claims.bendGeneralizesWorse(pair(bump, curve(0, 1.3))).verdict).toBe("holds");
    expect(claims.bendGeneralizesWorse(pair(bump, curve(0, 1.15))).verdict).toBe("does not hold");
    expect(claims.bendIsAboveMeanOfEnds(pair(bump, curve(0, 1.15))).verdict).toBe("holds");
    expect(claims.bendIsAboveMeanOfEnds(pair(bump, curve(0, 1))).verdict).toBe("does not hold");
  });

  test("average: higher training loss, lower validation loss", () => {
    const middle = (test: number) => path(bump.train, profile([1, 1, test, 1, 1.2]));
    expect(claims.averageGeneralizesBetter(pair(middle(0.5))).verdict).toBe("holds");
    expect(claims.averageGeneralizesBetter(pair(middle(1.1))).verdict).toBe("does not hold");
    expect(claims.averageGeneralizesBetter(pair(slope)).verdict).toBe("does not hold");
  });
});

describe("accuracy", () => {
  const accuracies = (values: number[]) => path(profile([0, 0, 0, 0, 0], values));
  const flat = accuracies([0.9, 0.9, 0.95, 0.9, 1]);
  const low = accuracies([0.9, 0.5, 0.4, 0.8, 1]);

  test("falls on the segment only", () => {
    expect(claims.accuracyFallsOnSegmentOnly(pair(low, flat)).verdict).toBe("holds");
    expect(claims.accuracyFallsOnSegmentOnly(pair(low, low)).verdict).toBe("does not hold");
    expect(claims.accuracyFallsOnSegmentOnly(pair(flat, flat)).verdict).toBe("not decided");
  });

  test("keeps within half a point of the lower end", () => {
    const dip = (by: number) => accuracies([0.9, 0.9 - by, 1, 1, 1]);
    expect(claims.accuracyKeepsOnSegment(pair(dip(0.004))).verdict).toBe("holds");
    expect(claims.accuracyKeepsOnSegment(pair(dip(0.006))).verdict).toBe("does not hold");
  });
});

describe("planes", () => {
  const plane = (train: number[][]): MeasuredPlane => ({
    surface: { x: [-1, 0, 1, 2], y: [0, 1, 2], values: { train, test: train } },
    corners: [
      { x: 0, y: 0 },
      { x: 2, y: 0 },
      { x: 1, y: 2 },
    ],
    iterates: [],
  });
  const wall = plane([
    [1, 0.1, 9, 0.1],
    [1, 0.05, 9, 0.05],
    [1, 0.1, 9, 0.1],
  ]);
  const gap = plane([
    [1, 0.1, 9, 0.1],
    [1, 0.2, 9, 0.2],
    [1, 0.1, 0.1, 0.1],
  ]);

  test("an iterate is no minimum if a neighbouring cell is lower", () => {
    expect(claims.iteratesAreNoMinima(wall).verdict).toBe("holds");
    expect(claims.iteratesAreNoMinima(gap).verdict).toBe("does not hold");
  });

  test("one basin: over cells or along the curve", () => {
    const blocked = pair(bump, path(profile([0.1, 0.1, 0.5, 0.1, 0.1])));
    expect(claims.iteratesShareBasin(wall, blocked).verdict).toBe("does not hold");
    expect(claims.iteratesShareBasin(wall, pair(bump)).verdict).toBe("holds");
    const over = plane(gap.surface.values.train!.map((row) => row.map((v) => Math.min(v!, 0.1))));
    expect(claims.iteratesShareBasin(over, blocked).verdict).toBe("holds");
  });
});

test("a check of several pairs holds if all do, and names them", () => {
  const found = claims.ofPairs([pair(bump), pair(slope)], claims.segmentHasBarrier);
  expect(found.verdict).toBe("does not hold");
  expect(found.ours).toMatch(/^w70–w150: B 0\.500 .*; w70–w150: B 0\.000 /);
});

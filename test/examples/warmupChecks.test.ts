import { describe, expect, test } from "vitest";
import type { Verdict } from "../../examples/common/verdicts.js";
import * as claims from "../../examples/common/warmupChecks.js";

const [yes, no, open] = ["holds", "does not hold", "not decided"] as const;

/** What the FC stack did; convolutions do not matter unless they are given. */
const layers = (similarityFc: number, similarityConvolutions = NaN, relativeChangeFc = NaN) => ({
  similarityFc,
  similarityConvolutions,
  relativeChangeFc,
});

/** One seed whose warmup ends with the second of three epochs; no check but the named one reads the other epochs. */
const atEndOfWarmup = <Run extends string>(
  accuracies: Record<Run, number>,
  testImages: number,
) => ({
  accuracy: Object.fromEntries(
    Object.entries<number>(accuracies).map(([run, accuracy]) => [run, [NaN, accuracy, NaN]]),
  ) as unknown as Record<Run, number[]>,
  warmupEpochs: 2,
  testImages,
});

const atEnd = (LB: number, warm: number, SB: number, testImages: number) => ({
  accuracy: { LB: [NaN, LB], "LB+W": [NaN, warm], SB: [NaN, SB] },
  warmupEpochs: 1,
  testImages,
});

describe("X9.a and X9.b: the FC stack strays", () => {
  const cases: [lb: number, other: number, verdict: Verdict][] = [
    [0.25, 0.5, yes],
    [0, 0.0201, yes],
    [0, 0.02, open],
    [0.3, 0.3, open],
    [0.02, 0, open],
    [0.0201, 0, no],
    [0.5, 0.25, no],
    [NaN, 0.5, open],
    [0.5, NaN, open],
  ];

  test.each(cases)("LB %d against LB+W %d: %s", (lb, warm, verdict) => {
    const change = { LB: layers(lb), "LB+W": layers(warm), SB: layers(NaN) };
    expect(claims.fcStackStraysWithoutWarmup({ change }).verdict).toBe(verdict);
  });

  test.each(cases)("LB %d against SB %d: %s", (lb, sb, verdict) => {
    const change = { LB: layers(lb), "LB+W": layers(NaN), SB: layers(sb) };
    expect(claims.fcStackStraysMoreThanSmallBatch({ change }).verdict).toBe(verdict);
  });

  test("both name the two numbers", () => {
    const change = { LB: layers(0.131), "LB+W": layers(0.372), SB: layers(0.29) };
    expect(claims.fcStackStraysWithoutWarmup({ change }).ours).toBe("0.13 against 0.37");
    expect(claims.fcStackStraysMoreThanSmallBatch({ change }).ours).toBe("0.13 against 0.29");
  });
});

describe("X9.c: similarity rises in the last layers, but not without warmup", () => {
  const rises = (warm: number, sb: number, lb: number) => {
    const from = (rise: number) => (rise < 0 ? layers(0, -rise) : layers(rise, 0));
    return claims.similarityRisesInLastLayers({
      change: { "LB+W": from(warm), SB: from(sb), LB: from(lb) },
    });
  };

  test.each<[warm: number, sb: number, lb: number, verdict: Verdict]>([
    [0.0201, 0.0201, -0.0201, yes],
    [0.02, 0.3, -0.3, open],
    [0.3, 0.02, -0.3, open],
    [0.3, 0.3, -0.02, open],
    [-0.0201, 0.3, -0.3, no],
    [0.3, -0.0201, -0.3, no],
    [0.3, 0.3, 0.0201, no],
    [0, 0.3, 0.3, no],
    [NaN, 0.3, -0.3, open],
    [0.3, NaN, -0.3, open],
    [0.3, 0.3, NaN, open],
  ])("LB+W %d, SB %d, LB %d: %s", (warm, sb, lb, verdict) => {
    expect(rises(warm, sb, lb).verdict).toBe(verdict);
  });

  test("prints the differences with their signs", () => {
    expect(rises(0.3, 0, -0.25).ours).toBe("LB+W +0.30, SB +0.00, LB −0.25");
  });
});

/**
 * Ahead of the other run by more than two points. For 0.6 and 0.5 the noise is √(0.49/images): the margin of
 * 0.6 − 0.5 − 0.02 equals it at 76.6 images, that of 0.5 − 0.6 − 0.02 at 34.03.
 */
const twoPointsAhead: [higher: number, lower: number, images: number, verdict: Verdict][] = [
  [0.6, 0.5, 77, yes],
  [0.6, 0.5, 76, open],
  [0.5, 0.6, 34, open],
  [0.5, 0.6, 35, no],
  // One point ahead is behind the claim, two points leave it open, three are enough.
  [0.53, 0.5, 1e6, yes],
  [0.52, 0.5, 1e6, open],
  [0.51, 0.5, 1e6, no],
  [NaN, 0.5, 1e6, open],
  [0.5, NaN, 1e6, open],
];

describe("X9.d: the warmup is ahead at its end", () => {
  test.each(twoPointsAhead)("LB+W %d, LB %d, %d images: %s", (warm, lb, images, verdict) => {
    const seed = atEndOfWarmup({ "LB+W": warm, LB: lb }, images);
    expect(claims.warmupIsAheadAtItsEnd(seed).verdict).toBe(verdict);
  });

  test("names both accuracies", () => {
    const { ours } = claims.warmupIsAheadAtItsEnd(
      atEndOfWarmup({ LB: 0.105, "LB+W": 0.312 }, 2000),
    );
    expect(ours).toBe("10.5 % against 31.2 %");
  });

  test("a warmup longer than the training decides nothing", () => {
    const seed = { accuracy: { LB: [0.1], "LB+W": [0.9] }, warmupEpochs: 2, testImages: 2000 };
    expect(claims.warmupIsAheadAtItsEnd(seed).verdict).toBe(open);
  });
});

describe("X9.e: the warmup reaches the small batch", () => {
  test.each<[why: string, lb: number, warm: number, sb: number, images: number, Verdict]>([
    // LB+W = SB: a margin of 0.02 against √(0.48/images), equal at 1,200.
    ["as good as SB", 0.5, 0.6, 0.6, 1201, yes],
    ["as good as SB, few images", 0.5, 0.6, 0.6, 1199, open],
    // 0.6 − 0.7 + 0.02 against √(0.45/images), equal at 70.3.
    ["far behind SB", 0.5, 0.6, 0.7, 71, no],
    ["far behind SB, few images", 0.5, 0.6, 0.7, 70, open],
    // 0.5 − 0.6 + 0.02 against √(0.49/images), equal at 76.6.
    ["far ahead of SB", 0.5, 0.6, 0.5, 77, no],
    ["far ahead of SB, few images", 0.5, 0.6, 0.5, 76, open],
    // 0.6 − 0.7 against √(0.45/images), equal at 45.
    ["behind LB", 0.7, 0.6, 0.6, 46, no],
    ["behind LB, few images", 0.7, 0.6, 0.6, 44, open],
    ["LB unknown", NaN, 0.6, 0.6, 1201, open],
    ["SB unknown", 0.5, 0.6, NaN, 1201, open],
    ["LB+W unknown", 0.5, NaN, 0.6, 1201, open],
  ])("%s: LB %d, LB+W %d, SB %d, %d images: %s", (_, lb, warm, sb, images, verdict) => {
    expect(claims.warmupReachesSmallBatch(atEnd(lb, warm, sb, images)).verdict).toBe(verdict);
  });

  test("names the three accuracies", () => {
    expect(claims.warmupReachesSmallBatch(atEnd(0.1, 0.462, 0.542, 2000)).ours).toBe(
      "LB 10.0 %, LB+W 46.2 %, SB 54.2 %",
    );
  });
});

describe("X9.f: the FC stack moves twice as far", () => {
  const moved = (lb: number, warm: number) =>
    claims.fcStackMovesTwiceAsFar({
      change: { LB: layers(0, 0, lb), "LB+W": layers(0, 0, warm), SB: layers(0) },
    });

  test.each<[lb: number, warm: number, verdict: Verdict]>([
    [12, 1.5, yes],
    [2.1001, 1, yes],
    [2.0999, 1, open],
    [2, 1, open],
    [1.9001, 1, open],
    [1.8999, 1, no],
    [1, 2, no],
    [1, 0, yes],
    [0, 0, open],
    [NaN, 1, open],
    [3, NaN, open],
  ])("LB %d, LB+W %d: %s", (lb, warm, verdict) => {
    expect(moved(lb, warm).verdict).toBe(verdict);
  });

  test("names both changes and their ratio", () => {
    expect(moved(12, 1.5).ours).toBe("12.00 against 1.50: × 8.00");
  });
});

describe("X9.g: the schedule is exact", () => {
  test.each<[rates: number[], verdict: Verdict]>([
    [[2.5, 0.25, 0.025, 0.0025], yes],
    [[2.5 * (1 + 5e-13), 0.25, 0.025, 0.0025], yes],
    [[2.5 * (1 + 2e-12), 0.25, 0.025, 0.0025], no],
    [[2.5, 0.25, 0.025, 0.0025 * (1 - 2e-12)], no],
    // The rate one update before the end of the warmup.
    [[2.5 * (199 / 200), 0.25, 0.025, 0.0025], no],
    [[2.5, 0.5, 0.1, 0.02], no],
    [[2.5, 0.25, 0.025], no],
    [[2.5, 0.25, 0.025, 0.0025, 0.00025], no],
    [[2.5, 0.25, 0.025, NaN], no],
    [[], no],
  ])("%j: %s", (rates, verdict) => {
    expect(claims.scheduleIsExact(rates).verdict).toBe(verdict);
  });
});

describe("X10.a: freezing keeps up with the warmup", () => {
  // Margins of 0 + 0.1 and −0.2 + 0.1 against √(0.48/images), equal at 48.
  test.each<[freeze: number, warm: number, points: number, images: number, Verdict]>([
    [0.6, 0.6, 10, 49, yes],
    [0.6, 0.6, 10, 47, open],
    [0.4, 0.6, 10, 47, open],
    [0.4, 0.6, 10, 49, no],
    [0.5, 0.6, 10, 1e6, open],
    [0.5, 0.6, 9, 1e6, no],
    [0.4, 0.6, 30, 49, yes],
    [NaN, 0.6, 10, 1e6, open],
    [0.6, NaN, 10, 1e6, open],
  ])("freeze %d, LB+W %d, %d points, %d images: %s", (freeze, warm, points, images, verdict) => {
    const seed = atEndOfWarmup({ "LB+freeze": freeze, "LB+W": warm }, images);
    expect(claims.freezingKeepsUpWithWarmup(seed, points).verdict).toBe(verdict);
  });
});

describe("X10.b: freezing is ahead of the large batch with neither", () => {
  test.each(twoPointsAhead)("freeze %d, LB %d, %d images: %s", (freeze, lb, images, verdict) => {
    const seed = atEndOfWarmup({ "LB+freeze": freeze, LB: lb }, images);
    expect(claims.freezingIsAheadOfLargeBatch(seed).verdict).toBe(verdict);
  });
});

describe("X10.c: the trajectories stay together", () => {
  const together = (freeze: number[], warm: number[], testImages: number, points = 8) =>
    claims.trajectoriesStayTogether(
      { accuracy: { "LB+freeze": freeze, "LB+W": warm }, warmupEpochs: 1, testImages },
      points,
    );

  test.each<[freeze: number[], warm: number[], images: number, Verdict]>([
    // 0.08 − 0 against √(0.48/images), equal at 75. The epoch of the warmup does not count.
    [[0, 0.6, 0.6], [1, 0.6, 0.6], 76, yes],
    [[0, 0.6, 0.6], [1, 0.6, 0.6], 74, open],
    // 0.08 − (0.1 + 0.1)/2 against (√0.49 + √0.45)/2/√images, equal at 1,174.5: distances do not cancel out.
    [[0, 0.5, 0.7], [0, 0.6, 0.6], 1174, open],
    [[0, 0.5, 0.7], [0, 0.6, 0.6], 1175, no],
    [[0, 0.6, NaN], [0, 0.6, 0.6], 1e6, open],
    // Nothing after the warmup.
    [[0.6], [0.6], 1e6, open],
  ])("freeze %j, LB+W %j, %d images: %s", (freeze, warm, images, verdict) => {
    expect(together(freeze, warm, images).verdict).toBe(verdict);
  });

  test("the allowed distance is the caller's", () => {
    const verdicts = [9, 11].map(
      (points) => together([0, 0.5, 0.7], [0, 0.6, 0.6], 1e6, points).verdict,
    );
    expect(verdicts).toEqual([no, yes]);
  });

  test("names the mean distance", () => {
    expect(together([0, 0.5, 0.7], [0, 0.6, 0.6], 2000).ours).toBe("10.0 points apart");
  });
});

describe("X10.d: frozen weights are untouched", () => {
  const untouched = (before: number[], after: number[]) =>
    claims.frozenWeightsAreUntouched(Float32Array.from(before), Float32Array.from(after));

  test("the same bits hold, NaN included", () => {
    expect(untouched([1, -2, NaN], [1, -2, NaN])).toEqual({
      verdict: yes,
      ours: "0 of 3 weights changed",
    });
  });

  test("one bit of one weight, or the sign of a zero, is a change", () => {
    expect(untouched([1, 2, 0], [1 + 2 ** -23, 2, -0])).toEqual({
      verdict: no,
      ours: "2 of 3 weights changed",
    });
  });

  test("other lengths and no weights at all do not hold", () => {
    expect(untouched([1], [1, 2]).verdict).toBe(no);
    expect(untouched([1, 2], [1]).verdict).toBe(no);
    expect(untouched([], []).verdict).toBe(no);
  });

  test("parts of larger arrays are compared where they are", () => {
    const all = Float32Array.of(9, 1, 2, 8, 1, 2);
    const finding = claims.frozenWeightsAreUntouched(all.subarray(1, 3), all.subarray(4));
    expect(finding.verdict).toBe(yes);
  });
});

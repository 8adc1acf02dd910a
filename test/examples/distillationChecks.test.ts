import { describe, expect, test } from "vitest";
import {
  accuraciesOfPaper,
  deepLayersDiffer,
  distillationHelps,
  exceedsSeedNoise,
} from "../../examples/common/distillationChecks.js";
import { standardError } from "../../examples/common/mean.js";

const depth = (shallow: number, deep: number) => ({ shallow, deep });

test("the standard error of a mean", () => {
  // Deviation 1 of three values.
  expect(standardError([1, 2, 3])).toBeCloseTo(1 / Math.sqrt(3), 12);
  expect(standardError([5])).toBe(0);
});

describe("the checks of X12", () => {
  test("X12.a compares the best, and knows the noise of the test images", () => {
    expect(distillationHelps([0.8, 0.86], [0.82, 0.8], 10_000)).toEqual({
      verdict: "holds",
      ours: "best 86.0 % against 82.0 %; means 83.0 ± 3.0 %, 81.0 ± 1.0 %",
    });
    expect(distillationHelps([0.8], [0.86], 10_000).verdict).toBe("does not hold");
    expect(distillationHelps([0.861], [0.86], 2000).verdict).toBe("not decided");
  });

  test("X12.b: FC layers against convolutions, beyond the spread of the pairs", () => {
    expect(deepLayersDiffer([depth(0.01, 0.05), depth(0.02, 0.05)]).verdict).toBe("holds");
    expect(deepLayersDiffer([depth(0.05, 0.01), depth(0.05, 0.02)]).verdict).toBe("does not hold");
    expect(deepLayersDiffer([depth(0.01, 0.05), depth(0.05, 0.02)]).verdict).toBe("not decided");
  });

  test("X12.c: the FC layers' difference against that of seeds", () => {
    const pairs = [depth(0.5, 0.05), depth(0.5, 0.06)];
    expect(exceedsSeedNoise(pairs, [depth(0, 0.02)]).verdict).toBe("holds");
    expect(exceedsSeedNoise(pairs, [depth(0, 0.09)]).verdict).toBe("does not hold");
    expect(exceedsSeedNoise(pairs, [depth(0, 0.057)]).verdict).toBe("not decided");
  });

  test("X12.d judges the paper's setting only", () => {
    expect(accuraciesOfPaper([0.85], [0.83], "paper").verdict).toBe("holds");
    expect(accuraciesOfPaper([0.85], [0.85], "paper").verdict).toBe("does not hold");
    expect(accuraciesOfPaper([0.85], [0.83], "cpu").verdict).toBe("not decided");
  });
});

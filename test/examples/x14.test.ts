import { barrier, PolyChainCurve } from "closerlook/curves";
import { planeThrough } from "closerlook/landscape";
import { cosineRestarts, restartSteps } from "closerlook/schedules";
import { cca, svcca } from "closerlook/similarity";
import { describe, expect, test } from "vitest";
import type { Check } from "../../examples/common/verdicts.js";
import {
  barrierChecks,
  curveChecks,
  planeCheck,
  scheduleChecks,
  similarityCheck,
  x14,
} from "../../examples/x14-formulas.js";

/** Letters of the checks that do not hold. */
const failing = (checks: readonly Check[]) =>
  checks.filter(({ verdict }) => verdict !== "holds").map(({ id }) => id.slice(-1));

const context = { preset: "quick", data: {}, environment: {}, result: {} } as never;

test("the eight checks of the library's formulas hold", async () => {
  const { checks } = await x14.report(context);
  expect(checks.map(({ id }) => id)).toEqual([..."abcdefgh"].map((letter) => `X14.${letter}`));
  expect(failing(checks)).toEqual([]);
});

test("the experiment needs no training and draws one figure", async () => {
  expect(x14.jobs(context)).toEqual([]);
  expect(Object.keys((await x14.report(context)).figures)).toEqual(["eq1-warm-restarts"]);
});

describe("a wrong formula is caught:", () => {
  type Schedule = typeof cosineRestarts;

  test("the cosine without π, as eq. (1) is printed", () => {
    const withoutPi: Schedule = ({ max, min = 0, period }) => {
      const rate = (t: number) => {
        let [start, length] = [0, period];
        while (t >= start + length) [start, length] = [start + length, 2 * length];
        return min + ((max - min) / 2) * (1 + Math.cos((t - start) / length));
      };
      return rate;
    };
    expect(failing(scheduleChecks(withoutPi))).toEqual(["b", "c"]);
  });

  test("a restart that comes late", () => {
    const late: Schedule = (options) => {
      const rate = cosineRestarts(options);
      return (t) => (restartSteps(options, t).includes(t) ? rate(t - 1e-9) : rate(t));
    };
    expect(failing(scheduleChecks(late))).toEqual(["a", "b"]);
  });

  test("cycles of equal length", () => {
    const equal: Schedule = (options) => cosineRestarts({ ...options, multiplier: 1 });
    const steps: typeof restartSteps = (options, until) =>
      restartSteps({ ...options, multiplier: 1 }, until);
    expect(failing(scheduleChecks(equal, steps))).toEqual(["a", "c"]);
  });

  test("a maximum that is missed by rounding", () => {
    const rounded: Schedule = (options) => {
      const rate = cosineRestarts(options);
      return (t) => rate(t) * (1 + 2 ** -52);
    };
    expect(failing(scheduleChecks(rounded))).toContain("a");
  });

  test("a curve that runs backwards, and one that bends elsewhere", () => {
    class Backwards extends PolyChainCurve {
      override at(t: number) {
        return super.at(1 - t);
      }
    }
    class BentElsewhere extends PolyChainCurve {
      override at(t: number) {
        return super.at(t * t);
      }
    }
    const [backwards, elsewhere] = [curveChecks(Backwards), curveChecks(BentElsewhere)];
    expect([failing(backwards), failing(elsewhere)]).toEqual([["d"], ["d"]]);
    expect(backwards[0]!.ours).toMatch(/^1 of 3 /);
    expect(elsewhere[0]!.ours).toMatch(/^2 of 3 /);
  });

  test("a barrier above the lower end instead of above the chord", () => {
    const aboveLowerEnd: typeof barrier = (profile) => {
      const loss = Array.from(profile.loss);
      const height = Math.max(...loss) - Math.min(loss[0]!, loss.at(-1)!);
      return { ...barrier(profile), height };
    };
    expect(failing(barrierChecks(aboveLowerEnd))).toEqual(["e"]);
  });

  test("a barrier of half the height, and one at a wrong place", () => {
    const half: typeof barrier = (profile) => ({
      ...barrier(profile),
      height: barrier(profile).height / 2,
    });
    const shifted: typeof barrier = (profile) => ({ ...barrier(profile), at: 31 / 60 });
    expect([failing(barrierChecks(half)), failing(barrierChecks(shifted))]).toEqual([["f"], ["f"]]);
  });

  test("a plane that misses one of its points by a ten-thousandth", () => {
    const off: typeof planeThrough = (a, b, c) =>
      planeThrough(
        a,
        b,
        c.map((value, i) => value * (1 + 1e-4 * Math.sin(i))),
      );
    expect(failing([planeCheck(off)])).toEqual(["g"]);
  });

  test("a similarity that rotations and scales of single directions change", () => {
    // Mean squared distance of the columns: 1 for equal matrices only.
    const columnwise = ((x: number[][], y: number[][]) => {
      const distance = x.flatMap((row, i) => row.map((value, j) => (value - y[i]![j]!) ** 2));
      return { similarity: 1 / (1 + distance.reduce((sum, value) => sum + value, 0)) };
    }) as unknown;
    expect(failing([similarityCheck({ svcca: columnwise as typeof svcca, cca })])).toEqual(["h"]);
    expect(failing([similarityCheck({ svcca, cca: columnwise as typeof cca })])).toEqual(["h"]);
  });
});

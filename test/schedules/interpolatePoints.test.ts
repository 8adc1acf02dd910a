import { describe, expect, test } from "vitest";
import { interpolatePoints, oneCycle } from "../../src/schedules/index.js";

describe("interpolatePoints", () => {
  const points = [
    [2, 0.1],
    [4.5, 0.7],
    [10, 0.3],
  ] as const;

  test("has exactly the values of its points, and holds the outer ones", () => {
    for (const shape of ["linear", "cosine"] as const) {
      const value = interpolatePoints({ points, shape });
      expect([0, 1, 2, 4.5, 10, 11, 1e300].map(value)).toEqual([0.1, 0.1, 0.1, 0.7, 0.3, 0.3, 0.3]);
    }
  });

  test("leads from one to the next by a line or half a wave", () => {
    expect(interpolatePoints({ points })(3)).toBeAllclose(0.1 + 0.6 * 0.4, { rtol: 1e-15 });
    const wave = interpolatePoints({ points, shape: "cosine" });
    expect(wave(3)).toBeAllclose(0.4 - 0.3 * Math.cos(0.4 * Math.PI), { rtol: 1e-15 });
    expect(wave(7.25)).toBeAllclose(0.5, { rtol: 1e-15 });
  });

  test("of a single point is a constant", () => {
    expect([0, 3, 9].map(interpolatePoints({ points: [[3, 0.2]] }))).toEqual([0.2, 0.2, 0.2]);
  });

  test("bad options are named in the error", () => {
    const make = (points: unknown) => () => interpolatePoints({ points: points as never });
    expect(make([])).toThrow("interpolatePoints: points must be one or more [step, value], got []");
    expect(make(3)).toThrow(TypeError);
    expect(make([[0, 1], 2])).toThrow(
      new TypeError("interpolatePoints: points[1] must be [step, value], got 2"),
    );
    expect(
      make([
        [0, 1],
        [0, 2],
      ]),
    ).toThrow(
      new RangeError(
        "interpolatePoints: the steps of points must be strictly increasing, got [0, 0]",
      ),
    );
    expect(make([[-1, 1]])).toThrow(RangeError);
    expect(make([[0, Number.NaN]])).toThrow(
      new RangeError("interpolatePoints: the value of points[0] must be a finite number, got NaN"),
    );
    expect(() => interpolatePoints({ points, shape: "step" as never })).toThrow(RangeError);
  });
});

describe("oneCycle", () => {
  test("goes up to the peak and down to its end by half-waves", () => {
    const lr = oneCycle({ peak: 1, steps: 10, rise: 0.4, initial: 0.2, final: 0.1 });
    expect([0, 2, 4, 7, 10, 11].map(lr)).toBeAllclose([0.2, 0.6, 1, 0.55, 0.1, 0.1], {
      rtol: 1e-15,
    });
    expect([0, 4, 10].map(lr)).toEqual([0.2, 1, 0.1]);
  });

  test("or by straight lines; begins with a 25th and ends with a 250000th by default", () => {
    const lr = oneCycle({ peak: 1, steps: 10, shape: "linear" });
    expect([0, 1.5, 3, 6.5, 10].map(lr)).toBeAllclose([0.04, 0.52, 1, 0.500002, 4e-6], {
      rtol: 1e-15,
    });
  });

  test("bad options are named in the error", () => {
    expect(() => oneCycle({ peak: 0, steps: 10 })).toThrow(
      new RangeError("oneCycle: peak must be a finite number > 0, got 0"),
    );
    expect(() => oneCycle({ peak: 1, steps: 10, rise: 1 })).toThrow(
      new RangeError("oneCycle: rise must be a finite number > 0 and < 1, got 1"),
    );
    expect(() => oneCycle({ peak: 1, steps: 10, initial: 2 })).toThrow(
      new RangeError("oneCycle: initial must be a finite number <= 1, got 2"),
    );
    expect(() => oneCycle({ peak: 1, steps: 2.5 })).toThrow(RangeError);
    expect(() => oneCycle({ peak: 1, steps: 10, shape: "cos" as never })).toThrow(RangeError);
  });
});

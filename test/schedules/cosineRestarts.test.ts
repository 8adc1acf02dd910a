import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineRestarts, perEpoch, restartSteps } from "../../src/schedules/index.js";

const paper = { max: 0.05, min: 1e-6, period: 10, multiplier: 2 };

/** Options whose first cycles fit into a few thousand steps. */
const anyOptions = fc
  .record({
    bounds: fc.tuple(
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.double({ min: 0, max: 10, noNaN: true }),
    ),
    period: fc.integer({ min: 1, max: 50 }),
    multiplier: fc.oneof(
      fc.integer({ min: 1, max: 12 }),
      fc.double({ min: 1, max: 12, noNaN: true }),
    ),
    decay: fc.double({ min: 0.1, max: 1, noNaN: true }),
    cycles: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(Number.POSITIVE_INFINITY)),
    endpoint: fc.boolean(),
  })
  .map(({ bounds, ...rest }) => ({ min: Math.min(...bounds), max: Math.max(...bounds), ...rest }));

describe("cosineRestarts", () => {
  test("follows the paper's schedule (experiment X14)", () => {
    const lr = cosineRestarts(paper);
    expect(lr(0)).toBe(0.05);
    expect(lr(5)).toBeAllclose((0.05 + 1e-6) / 2, { rtol: 1e-15 });
    expect(lr(30 - 1e-9)).toBeAllclose(1e-6, { rtol: 1e-9 });
    expect(lr(30)).toBe(0.05);
    expect(lr(155)).toBeAllclose(0.04988, { rtol: 1e-4 });
    for (const restart of [10, 30, 70, 150, 310]) expect(lr(restart)).toBe(0.05);
  });

  test("the minimum defaults to 0, and cycles to equal lengths without end", () => {
    const value = cosineRestarts({ max: 1, period: 4 });
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(value)).toBeAllclose(
      [1, (2 + Math.SQRT2) / 4, 0.5, (2 - Math.SQRT2) / 4].flatMap((v, i, cycle) =>
        i === 3 ? [v, ...cycle, 1] : [v],
      ),
      { rtol: 1e-15 },
    );
  });

  test("with endpoint the last step of a cycle has exactly the minimum", () => {
    const value = cosineRestarts({ ...paper, endpoint: true });
    for (const restart of [10, 30, 70, 150, 310]) {
      expect(value(restart - 1)).toBe(1e-6);
      expect(value(restart - 0.5)).toBe(1e-6);
      expect(value(restart)).toBe(0.05);
    }
  });

  test("a cycle of a single step has its maximum, endpoint or not", () => {
    for (const endpoint of [false, true]) {
      const value = cosineRestarts({ max: 1, min: 0.5, period: 1, endpoint });
      expect([0, 1, 2, 1000].map(value)).toEqual([1, 1, 1, 1]);
    }
    // cycles of 1, 2, 4 steps
    const doubling = cosineRestarts({ max: 1, period: 1, multiplier: 2, endpoint: true });
    expect([0, 1, 2, 3, 6].map(doubling)).toEqual([1, 1, 0, 1, 0]);
  });

  test("the minimum is held after the last cycle", () => {
    const value = cosineRestarts({ ...paper, cycles: 2, decay: 0.5 });
    expect(value(29)).toBeGreaterThan(1e-6);
    for (const step of [30, 30.5, 31, 70, 1e6, 1e300]) expect(value(step)).toBe(1e-6);
  });

  test("a peak that decays below the minimum stays at the minimum", () => {
    const value = cosineRestarts({ max: 1, min: 0.3, period: 4, decay: 0.5 });
    expect([0, 4, 8, 9, 12, 4000].map(value)).toEqual([1, 0.5, 0.3, 0.3, 0.3, 0.3]);
  });

  test("the height of the peaks above the minimum may decay instead of the peaks", () => {
    const value = cosineRestarts({ max: 1, min: 0.2, period: 4, decay: 0.5, decayOf: "height" });
    expect([0, 2, 4, 6, 8].map(value)).toBeAllclose([1, 0.6, 0.6, 0.4, 0.4], { rtol: 1e-15 });
  });

  test("k-decay counts a power of the elapsed fraction", () => {
    const value = cosineRestarts({ max: 1, period: 10, k: 2 });
    const plain = cosineRestarts({ max: 1, period: 100 });
    for (let step = 0; step < 10; step++) {
      expect(value(step)).toBeAllclose(plain(step ** 2), { atol: 1e-15 });
    }
    expect(value(10)).toBe(1);
  });

  test("every restart up to 2^53 has exactly the maximum", () => {
    for (let multiplier = 2; multiplier <= 12; multiplier++) {
      for (const period of [1, 2, 3, 7, 10, 50, 391]) {
        const options = { max: 0.05, min: 1e-6, period, multiplier };
        const lr = cosineRestarts(options);
        const restarts = restartSteps(options, Number.MAX_SAFE_INTEGER);
        expect(restarts.length).toBeGreaterThan(10);
        for (const restart of restarts) {
          expect(lr(restart)).toBe(0.05);
          if (restart > 3) expect(lr(restart - 1)).toBeLessThan(0.05);
        }
      }
    }
  });

  test("enormous steps are answered at once and exactly", () => {
    const lr = cosineRestarts({ max: 1, period: 10 });
    expect(lr(1e15)).toBe(1);
    expect(lr(1e15 + 5)).toBe(0.5);
    expect(cosineRestarts({ max: 1, period: 1, multiplier: 2 })(Number.MAX_VALUE)).toBeLessThan(1);
  });

  test("values are within the bounds, and the maximum is met exactly at every restart on a step", () => {
    fc.assert(
      fc.property(anyOptions, fc.double({ min: 0, max: 5000, noNaN: true }), (options, step) => {
        const value = cosineRestarts(options);
        expect(value(step)).toBeGreaterThanOrEqual(options.min);
        expect(value(step)).toBeLessThanOrEqual(options.max);
        for (const [i, restart] of [0, ...restartSteps(options, 5000)].entries()) {
          const peak = Math.max(options.min, options.max * options.decay ** i);
          if (Number.isInteger(options.multiplier)) expect(value(restart)).toBe(peak);
          else {
            expect(value(restart)).toBeLessThanOrEqual(peak);
            // Less than a step after its start, the cycle is above all that is as far behind.
            const length = options.period * options.multiplier ** i - Number(options.endpoint);
            const share = Math.min(1, 1 / Math.max(1, length));
            const least =
              options.min + ((peak - options.min) * (1 + Math.cos(Math.PI * share))) / 2;
            expect(value(restart)).toBeGreaterThanOrEqual(least - 1e-9);
          }
        }
      }),
    );
  });

  test("no restart on a whole step is missed for rounded lengths, at any step and for multipliers just above 1", () => {
    // 1.1 and 1.2 are rounded; the starts are 100 · (1, 2.1, 3.31) and 1000 · (1, 2.2, 3.64, 5.368).
    const tenth = cosineRestarts({ max: 0.05, period: 100, multiplier: 1.1 });
    expect([100, 210, 331].map(tenth)).toEqual([0.05, 0.05, 0.05]);
    const fifth = cosineRestarts({ max: 0.05, period: 1000, multiplier: 1.2 });
    expect([1000, 2200, 3640, 5368].map(fifth)).toEqual([0.05, 0.05, 0.05, 0.05]);
    const barely = cosineRestarts({ max: 1, period: 10, multiplier: 1 + 1e-14 });
    for (const step of [0, 10, 50]) expect(barely(step)).toBe(1);
    expect(barely(5)).toBeAllclose(0.5, { rtol: 1e-10 });
    // Cycle 2.3e14: to count up to it one by one would take days.
    expect(barely(1e17)).toBeGreaterThanOrEqual(0);
  });

  test("values never rise within a cycle", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const value = cosineRestarts(options);
        const restarts = new Set(restartSteps(options, 400));
        for (let step = 1; step <= 400; step++) {
          if (!restarts.has(step)) expect(value(step)).toBeLessThanOrEqual(value(step - 1));
        }
      }),
    );
  });

  test("a schedule in epochs, interpolated, is the schedule in updates", () => {
    fc.assert(
      fc.property(
        anyOptions.map((options) => ({ ...options, endpoint: false })),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 20_000 }),
        (options, stepsPerEpoch, step) => {
          const inEpochs = perEpoch(cosineRestarts(options), stepsPerEpoch, { interpolate: true });
          const inUpdates = cosineRestarts({ ...options, period: options.period * stepsPerEpoch });
          // Epochs such as 1/3 are rounded, and the cosine is as steep as π/2 times its range.
          expect(inEpochs(step)).toBeAllclose(inUpdates(step), { atol: 1e-10 });
        },
      ),
    );
  });

  test("values do not depend on what was asked before", () => {
    const value = cosineRestarts(paper);
    const forwards = [0, 9, 10, 31, 200].map(value);
    expect([200, 31, 10, 9, 0].map(value).reverse()).toEqual(forwards);
  });

  test("bad options are named in the error", () => {
    const make = (change: object) => () => cosineRestarts({ ...paper, ...change });
    expect(make({ period: 0 })).toThrow(
      new RangeError("cosineRestarts: period must be an integer >= 1, got 0"),
    );
    expect(make({ period: 2.5 })).toThrow(RangeError);
    expect(make({ period: "10" })).toThrow(TypeError);
    expect(make({ multiplier: 0 })).toThrow(
      new RangeError("cosineRestarts: multiplier must be a finite number >= 1, got 0"),
    );
    expect(make({ cycles: 0 })).toThrow(/cycles must be an integer >= 1, got 0/);
    expect(make({ min: 0.1 })).toThrow(
      new RangeError("cosineRestarts: min must be at most max (0.05), got 0.1"),
    );
    expect(make({ max: Number.NaN })).toThrow(/max must be a finite number, got NaN/);
    expect(make({ decay: 1.5 })).toThrow(/decay must be a finite number > 0 and <= 1, got 1.5/);
    expect(make({ k: 0 })).toThrow(/k must be a finite number > 0, got 0/);
    expect(make({ decayOf: "min" })).toThrow(/decayOf must be one of "max", "height", got "min"/);
    expect(make({ endpoint: 1 })).toThrow(/endpoint must be true or false, got 1/);
    expect(make({ eta_min: 0 })).toThrow(/options must be made of .*, got "eta_min"/);
  });
});

import { describe, expect, test } from "vitest";
import { barrier, findBarrier, type PathMeasurement } from "../../src/curves/index.js";

/** A measurement that remembers where it was made. */
const recorded = (loss: (t: number) => number) => {
  const asked: number[] = [];
  const measure = (t: number): PathMeasurement => {
    asked.push(t);
    return { loss: loss(t) };
  };
  return { asked, measure };
};

const peakAt = (place: number) => (t: number) => 2 - (t - place) ** 2;

describe("findBarrier", () => {
  test("a parabola's peak is found to half a cell of a grid that is 3^r times as fine", async () => {
    for (const place of [0.03, 0.21, 0.4375, 0.5, 0.77, 0.99]) {
      for (const refinements of [0, 1, 2, 5]) {
        const { barrier } = await findBarrier((t) => ({ loss: peakAt(place)(t) }), { refinements });
        const cell = 1 / 24 / 3 ** refinements;
        // On an uneven grid the nearest position may be a cell away, where a coarser cell begins.
        expect(Math.abs(barrier.at - place)).toBeLessThanOrEqual(cell);
        expect(barrier.holds).toBe(Math.min(place, 1 - place) > 0.2);
      }
    }
  });

  test("by hand: which positions are measured, in which order, each once", async () => {
    const { asked, measure } = recorded(peakAt(0.3));
    const { barrier: found, profile } = await findBarrier(measure, {
      positions: 3,
      refinements: 1,
    });
    const [a, b, c, d] = [0.5 / 3, 1 / 3, 0.5 + 0.5 / 3, 0.5 + 1 / 3];
    expect(asked).toBeAllclose([0, 0.5, 1, a, b, c, d], { rtol: 1e-15 });
    expect(profile.t).toEqual([...asked].sort((x, y) => x - y));
    expect(found).toEqual(barrier(profile));
    expect(found.at).toBe(asked[4]);
  });

  test("the highest place by the definition that was asked for", async () => {
    // a slope with a bulge: the maximum is at the start, the bulge over the chord at ½
    const loss = (t: number) => 4 - 4 * t + 2 * t * (1 - t);
    const max = await findBarrier((t) => ({ loss: loss(t) }), { positions: 5 });
    expect(max.barrier).toMatchObject({ height: 0, at: 0, holds: false });
    // thirds of the one cell beside it, twice
    expect(max.profile.t).toHaveLength(9);
    const chord = await findBarrier((t) => ({ loss: loss(t) }), { definition: "chord" });
    expect(chord.barrier).toMatchObject({ height: 0.5, at: 0.5, holds: true });
  });

  test("own positions are taken as they are", async () => {
    const { asked, measure } = recorded(peakAt(0.5));
    await findBarrier(measure, { positions: [0, 0.1, 0.6, 1], refinements: 0 });
    expect(asked).toEqual([0, 0.1, 0.6, 1]);
  });

  test("losses of examples give the error of paired differences", async () => {
    const offsets = [-0.25, 0.25, 0.5, -0.5];
    const measure = async (t: number): Promise<PathMeasurement> => {
      const loss = peakAt(0.5)(t);
      return { loss, exampleLosses: offsets.map((offset) => loss + offset) };
    };
    const { barrier, profile } = await findBarrier(measure, { positions: 5 });
    // every example has the same difference
    expect(barrier.standardError).toBeAllclose(0, { atol: 1e-15 });
    expect(profile.exampleLosses).toHaveLength(profile.t.length);
    expect((await findBarrier((t) => ({ loss: t }))).profile).not.toHaveProperty("exampleLosses");
  });

  test("says how far it is, and no measurement overlaps another", async () => {
    const steps: [number, number][] = [];
    let running = 0;
    await findBarrier(
      async (t) => {
        expect(++running).toBe(1);
        await Promise.resolve();
        running--;
        return { loss: peakAt(0.4)(t) };
      },
      { positions: 5, refinements: 1, onProgress: (done, total) => steps.push([done, total]) },
    );
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((done) => [done, 9]));
  });

  test("a signal stops it before the next measurement", async () => {
    const controller = new AbortController();
    const { asked, measure } = recorded(peakAt(0.4));
    const onProgress = (done: number) => {
      if (done === 3) controller.abort(new Error("enough"));
    };
    const options = { onProgress, signal: controller.signal };
    await expect(findBarrier(measure, options)).rejects.toThrow("enough");
    expect(asked).toHaveLength(3);
  });

  test("many refinements end where there are no numbers between", async () => {
    const { asked, measure } = recorded(peakAt(0.3));
    const { barrier } = await findBarrier(measure, {
      positions: [0, 2 ** -52, 2 ** -51, 1],
      refinements: 20,
    });
    expect(barrier.at).toBeAllclose(0.3, { atol: 1e-7 });
    expect(new Set(asked).size).toBe(asked.length);
  });

  test("bad input is named in the error", async () => {
    const flat = () => ({ loss: 1 });
    const refused = async (measure: unknown, options: object = {}) => {
      const error = await findBarrier(measure as typeof flat, options).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(Error);
      return (error as Error).message;
    };
    expect(await refused(7)).toBe(
      "findBarrier: measure must be a function from t to { loss }, got 7",
    );
    expect(await refused(flat, { positions: 2 })).toBe(
      "findBarrier: positions must be an integer >= 3 and <= 1000000, got 2",
    );
    expect(await refused(flat, { positions: [0, 0.5, 0.5, 1] })).toMatch(/strictly increasing/);
    expect(await refused(flat, { positions: [0, 0.5] })).toMatch(
      /number of positions must be >= 3/,
    );
    expect(await refused(flat, { positions: [0.1, 0.5, 1] })).toMatch(/from 0 to 1, both included/);
    expect(await refused(flat, { refinements: 21 })).toMatch(/refinements/);
    expect(await refused(flat, { definition: "least" })).toMatch(/definition must be one of/);
    expect(await refused(flat, { signal: 3 })).toBe(
      "findBarrier: signal must be an AbortSignal, got 3",
    );
    expect(await refused(flat, { steps: 3 })).toMatch(/got "steps"/);
    expect(await refused(() => 3)).toBe(
      "findBarrier: measure(0) must be an object with a loss, got 3",
    );
    expect(await refused((t: number) => ({ loss: t < 0.5 ? 1 : Number.NaN }))).toBe(
      "findBarrier: the loss at t = 0.5 must be a finite number, got NaN",
    );
    expect(
      await refused((t: number) => (t === 0 ? { loss: 1 } : { loss: 1, exampleLosses: [1, 1] })),
    ).toMatch(/exampleLosses at t = .* must be absent, as at the other positions/);
    expect(
      await refused(() => {
        throw new Error("out of memory");
      }),
    ).toBe("out of memory");
  });
});

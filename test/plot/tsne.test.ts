import { afterEach, describe, expect, test, vi } from "vitest";
import { Random } from "../../src/internal/random.js";
import { pairwiseDistances } from "../../src/landscape/index.js";
import { tsne } from "../../src/plot/index.js";

afterEach(() => {
  vi.doUnmock("@saehrimnir/druidjs");
});

/** Three groups of five points in 50 dimensions. */
const groups = 3;
const size = 5;
const random = new Random(1);
const centers = Array.from({ length: groups }, () =>
  Array.from({ length: 50 }, () => random.normal()),
);
const points = centers.flatMap((center) =>
  Array.from({ length: size }, () =>
    Float32Array.from(center, (value) => value + 0.2 * random.normal()),
  ),
);
const distances = pairwiseDistances(points);

describe("tsne", () => {
  test("neighbours stay neighbours", async () => {
    const places = await tsne(distances, { perplexity: 4 });
    expect(places).toHaveLength(groups * size);
    places.forEach((place, i) => {
      const nearest = places
        .map(({ x, y }, j) => ({ j, distance: Math.hypot(x - place.x, y - place.y) }))
        .sort((a, b) => a.distance - b.distance)
        .slice(0, size)
        .map(({ j }) => Math.floor(j / size));
      expect(nearest).toEqual(Array(size).fill(Math.floor(i / size)));
    });
  });

  test("the same seed gives the same bits, another one another picture", async () => {
    const first = await tsne(distances, { seed: 3 });
    expect(await tsne(distances, { seed: 3 })).toEqual(first);
    expect(await tsne(distances, { seed: 4 })).not.toEqual(first);
    const mean = first.reduce((sum, { x, y }) => sum + x + y, 0);
    expect(mean).toBeCloseTo(0, 9);
  });

  test("the unit of the distances does not matter", async () => {
    for (const unit of [2 ** -60, 2 ** 60]) {
      const scaled = distances.map((row) => row.map((distance) => distance * unit));
      expect(await tsne(scaled)).toEqual(await tsne(distances));
    }
  });

  test("a network further away from all others is no difficulty, nor are equal networks", async () => {
    const far = distances.map((row, i) => row.map((d, j) => (i !== j && i * j === 0 ? 1e3 : d)));
    const equal = distances.map((row, i) => row.map((d, j) => (i < 3 && j < 3 ? 0 : d)));
    for (const places of [await tsne(far), await tsne(equal)]) {
      expect(places.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    }
  });

  const square = (count: number, value = 1) =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: count }, (_, j) => (i === j ? 0 : value)),
    );
  test.each<[string, () => Promise<unknown>, new () => Error, string]>([
    [
      "a perplexity of a third of the points",
      () => tsne(square(15), { perplexity: 5 }),
      RangeError,
      "tsne: perplexity must be a finite number > 1 and < 5, got 5",
    ],
    ["a perplexity of 1", () => tsne(square(15), { perplexity: 1 }), RangeError, "perplexity must"],
    ["four points", () => tsne(square(4)), RangeError, "distances.length must be >= 5, got 4"],
    ["no matrix", () => tsne(3 as never), TypeError, "distances must be an array of rows"],
    [
      "a short row",
      () => tsne([[0], ...square(5).slice(1)]),
      RangeError,
      "distances[0] must be as long as there are rows (5), got 1",
    ],
    [
      "a negative distance",
      () => tsne(square(5, -1)),
      RangeError,
      "distances[0][1] must be a finite number >= 0, got -1",
    ],
    [
      "a missing distance",
      () => tsne(square(5, NaN)),
      RangeError,
      "distances[0][1] must be a finite number >= 0, got NaN",
    ],
    [
      "a distance to itself",
      () => tsne(square(5).map((row) => row.map(() => 1))),
      RangeError,
      "distances[0][0] must be 0, got 1",
    ],
    [
      "asymmetry",
      () => tsne(square(5).map((row, i) => row.map((d) => d * (i + 1)))),
      RangeError,
      "distances[1][0] must be distances[0][1] = 1, got 2",
    ],
    [
      "equal points",
      () => tsne(square(5, 0)),
      RangeError,
      "the mean of the squared distances must be a positive number that is not too large, got 0",
    ],
    ["a seed with a fraction", () => tsne(square(5), { seed: 0.5 }), RangeError, "seed must be"],
    ["no steps", () => tsne(square(5), { steps: 0 }), RangeError, "steps must be an integer >= 1"],
    ["an unknown option", () => tsne(square(5), { d: 3 } as never), TypeError, "options must be"],
  ])("%s is an error", async (_name, call, kind, message) => {
    await expect(call()).rejects.toThrow(kind);
    await expect(call()).rejects.toThrow(message);
  });

  test("without the optional package the error has the command that installs it", async () => {
    vi.doMock("@saehrimnir/druidjs", () => {
      throw new Error("Cannot find package");
    });
    await expect(tsne(square(5))).rejects.toThrow(
      "tsne: the optional package @saehrimnir/druidjs could not be loaded. Run: npm install @saehrimnir/druidjs",
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { type AlignedVariable, alignUnits, chainOfLayers } from "../../src/landscape/index.js";
import { minus, norm } from "./points.js";

/** Two convolutions with batch norm on 4 × 4 maps, flattened, and two dense layers. */
const layout = [
  { name: "first/kernel", shape: [3, 3, 2, 8] },
  { name: "first/bias", shape: [8] },
  { name: "norm/gamma", shape: [8] },
  { name: "norm/beta", shape: [8] },
  { name: "second/kernel", shape: [3, 3, 8, 6] },
  { name: "second/bias", shape: [6] },
  { name: "hidden/kernel", shape: [4 * 4 * 6, 12] },
  { name: "hidden/bias", shape: [12] },
  { name: "out/kernel", shape: [12, 3] },
  { name: "out/bias", shape: [3] },
];
const variables = chainOfLayers(layout);
const sizes = { first: 8, second: 6, hidden: 12 };
const length = 2 * 72 + 24 + 72 * 6 + 6 + 96 * 12 + 12 + 36 + 3;

const networks = (seed: number, count: number) => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => random.normal()));
};

/** Written out index by index, apart from the code under test. */
function permuted(weights: Float32Array, by: Readonly<Record<keyof typeof sizes, Uint32Array>>) {
  const result = new Float32Array(length);
  let at = 0;
  const put = (size: number, from: (i: number) => number) => {
    for (let i = 0; i < size; i++) result[at + i] = weights[at + from(i)]!;
    at += size;
  };
  const { first, second, hidden } = by;
  put(9 * 2 * 8, (i) => i - (i % 8) + first[i % 8]!);
  for (let k = 0; k < 3; k++) put(8, (i) => first[i]!);
  put(
    9 * 8 * 6,
    (i) => (Math.floor(i / 48) * 8 + first[Math.floor(i / 6) % 8]!) * 6 + second[i % 6]!,
  );
  put(6, (i) => second[i]!);
  put(
    96 * 12,
    (i) => (Math.floor(i / 72) * 6 + second[Math.floor(i / 12) % 6]!) * 12 + hidden[i % 12]!,
  );
  put(12, (i) => hidden[i]!);
  put(36, (i) => hidden[Math.floor(i / 3)]! * 3 + (i % 3));
  put(3, (i) => i);
  return result;
}

const anyPermutations = (seed: number) => {
  const random = new Random(seed, "permutations");
  const draw = (count: number) => permutation(count, random);
  return { first: draw(8), second: draw(6), hidden: draw(12) };
};

const inverse = (units: Uint32Array) => {
  const result = new Uint32Array(units.length);
  units.forEach((unit, i) => {
    result[unit] = i;
  });
  return result;
};

describe("alignUnits", () => {
  test("gives back exactly what permuted a network's units", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 0, max: 3 }),
        (seed, order) => {
          const [a] = networks(seed, 1) as [Float32Array];
          const by = anyPermutations(seed);
          const { weights, permutations } = alignUnits(a, permuted(a, by), variables, {
            seed: order,
          });
          expect(weights).toEqual(a);
          expect(permutations).toEqual({
            first: inverse(by.first),
            second: inverse(by.second),
            hidden: inverse(by.hidden),
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("finds it through noise that hides no unit", () => {
    const [a, noise] = networks(3, 2) as [Float32Array, Float32Array];
    const by = anyPermutations(3);
    const noisy = permuted(a, by).map((weight, i) => weight + 0.2 * noise[i]!);
    expect(alignUnits(a, noisy, variables).permutations).toEqual({
      first: inverse(by.first),
      second: inverse(by.second),
      hidden: inverse(by.hidden),
    });
  });

  test("brings independent networks closer, and what it says is what it did", () => {
    for (const seed of [1, 2, 3]) {
      const [a, b] = networks(seed, 2) as [Float32Array, Float32Array];
      const before = b.slice();
      const { weights, permutations, rounds } = alignUnits(a, b, variables);
      expect(norm(minus(weights, a))).toBeLessThan(norm(minus(b, a)));
      expect(weights).toEqual(permuted(b, permutations as ReturnType<typeof anyPermutations>));
      expect(b).toEqual(before);
      expect(rounds).toBeGreaterThanOrEqual(2);
      // aligned once, there is nothing left to gain
      const again = alignUnits(a, weights, variables);
      expect(again.weights).toEqual(weights);
      expect(again.rounds).toBe(1);
    }
  });

  test("one group alone is aligned in the best of all ways", () => {
    const random = new Random(8);
    const shape = [3, 5];
    const draw = () => Float32Array.from({ length: 15 }, () => random.normal());
    const [a, b] = [draw(), draw()];
    const { weights } = alignUnits(a, b, [{ offset: 0, shape, groups: [null, "units"] }]);
    const orders = (rest: number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((unit) =>
            orders(rest.filter((other) => other !== unit)).map((order) => [unit, ...order]),
          );
    const best = Math.min(
      ...orders([0, 1, 2, 3, 4]).map((order) =>
        norm(
          minus(
            a,
            b.map((_, i) => b[i - (i % 5) + order[i % 5]!]!),
          ),
        ),
      ),
    );
    expect(norm(minus(a, weights))).toBeAllclose(best, { rtol: 1e-12 });
  });

  test("the same seed gives the same alignment", () => {
    const [a, b] = networks(5, 2) as [Float32Array, Float32Array];
    const run = (seed?: number) => alignUnits(a, b, variables, seed === undefined ? {} : { seed });
    expect(run(4)).toEqual(run(4));
    expect(run()).toEqual(run(0));
  });

  test("bad input is named in the error", () => {
    const a = new Float32Array(6);
    const align =
      (variable: object, b = a) =>
      () =>
        alignUnits(a, b, [{ offset: 0, shape: [2, 3], groups: [null, "h"], ...variable }]);
    expect(align({}, new Float32Array(5))).toThrow(/the number of weights of b must be 6/);
    expect(align({ offset: 1 })).toThrow("alignUnits: the end of variables[0] must be <= 6, got 7");
    expect(align({ groups: ["h"] })).toThrow(/number of groups of variables\[0\] must be 2, got 1/);
    expect(align({ groups: ["h", "h"] })).toThrow(/must be different on each axis, got "h"/);
    expect(align({ groups: [undefined, "h"] })).toThrow(TypeError);
    expect(align({ shape: [2, 0] })).toThrow(/shape must be an integer >= 1/);
    const two: AlignedVariable[] = [
      { offset: 0, shape: [2], groups: ["h"] },
      { offset: 2, shape: [3], groups: ["h"] },
    ];
    expect(() => alignUnits(a, a, two)).toThrow(
      "alignUnits: the units of h in variables[1] must be 2, got 3",
    );
    // @ts-expect-error: no list
    expect(() => alignUnits(a, a, undefined)).toThrow(TypeError);
    expect(() => alignUnits(a, a, [], { seed: 0.5 })).toThrow(/seed/);
  });
});

describe("chainOfLayers", () => {
  test("knows convolutions, norms, the flattening of maps and dense layers", () => {
    expect(variables.map(({ shape, groups }) => [shape, groups])).toEqual([
      [
        [3, 3, 1, 2, 8],
        [null, null, null, null, "first"],
      ],
      [[8], ["first"]],
      [[8], ["first"]],
      [[8], ["first"]],
      [
        [3, 3, 1, 8, 6],
        [null, null, null, "first", "second"],
      ],
      [[6], ["second"]],
      [
        [16, 6, 12],
        [null, "second", "hidden"],
      ],
      [[12], ["hidden"]],
      [
        [1, 12, 3],
        [null, "hidden", null],
      ],
      [[3], [null]],
    ]);
    expect(variables.at(-1)!.offset).toBe(length - 3);
  });

  test("refuses what is no plain chain", () => {
    const chain =
      (...shapes: number[][]) =>
      () =>
        chainOfLayers(shapes.map((shape, i) => ({ name: `layer${i}`, shape })));
    expect(chain([2, 3], [4, 5])).toThrow(
      "chainOfLayers: the inputs of layer1 must be 3, the units of the layer below, got 4",
    );
    // only a dense layer may follow a flattening
    expect(chain([3, 3, 1, 4], [3, 3, 8, 4])).toThrow(RangeError);
    expect(chain([2, 3], [4])).toThrow(/the size of layer1 must be 3, as its layer has, got 4/);
    expect(() => chainOfLayers([{ name: "d/depthwise_kernel", shape: [3, 3, 2, 1] }])).toThrow(
      /Describe its axes by hand/,
    );
    // @ts-expect-error: no variable
    expect(() => chainOfLayers([3])).toThrow(TypeError);
  });
});

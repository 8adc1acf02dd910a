import { describe, expect, test } from "vitest";
import { randomDirection, type VariableLayout } from "../../src/landscape/index.js";
import { iterates, norm } from "./points.js";

/** Variables one after another. */
const layoutOf = (shapes: Readonly<Record<string, readonly number[]>>) => {
  let offset = 0;
  return Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    offset += size;
    return { name, shape, offset: offset - size, size };
  });
};

const layout = layoutOf({
  "conv/kernel": [3, 3, 2, 5],
  "conv/bias": [5],
  "norm/gamma": [5],
  "depth/depthwise_kernel": [3, 3, 5, 2],
  "fc/kernel": [20, 4],
  "fc/bias": [4],
});
const length = layout.reduce((sum, { size }) => sum + size, 0);
const weights = iterates(3, 1, length)[0]!;

const of = (vector: Float32Array, name: string) => {
  const { offset, size } = layout.find((variable) => variable.name === name)!;
  return vector.subarray(offset, offset + size);
};
/** The weights whose last index, of `count`, is `filter`. */
const filterOf = (variable: Float32Array, count: number, filter: number) =>
  Array.from(variable).filter((_, i) => i % count === filter);

describe("randomDirection", () => {
  test("every filter, along the last axis of its kernel, is as long as in the weights", () => {
    const direction = randomDirection(weights, layout, { seed: 1 });
    for (const [name, filters] of [
      ["conv/kernel", 5],
      ["fc/kernel", 4],
      ["depth/depthwise_kernel", 10],
    ] as const) {
      for (let filter = 0; filter < filters; filter++) {
        const [ours, theirs] = [direction, weights].map((v) =>
          filterOf(of(v, name), filters, filter),
        );
        expect(norm(ours!)).toBeAllclose(norm(theirs!), { rtol: 1e-6 });
      }
    }
  });

  test("biases and norms stay, unless they are to move: by their own size then", () => {
    const still = randomDirection(weights, layout, { seed: 1 });
    const moving = randomDirection(weights, layout, { seed: 1, ignore: "none" });
    for (const name of ["conv/bias", "norm/gamma", "fc/bias"]) {
      expect(Array.from(of(still, name), Math.abs)).toEqual(Array.from(of(still, name), () => 0));
      expect(Array.from(of(moving, name), Math.abs)).toBeAllclose(
        Array.from(of(weights, name), Math.abs),
        { rtol: 1e-6 },
      );
    }
  });

  test("layer: every variable is as long as in the weights, none: it is drawn from N(0, 1)", () => {
    const byLayer = randomDirection(weights, layout, { seed: 2, normalize: "layer" });
    expect(norm(of(byLayer, "conv/kernel"))).toBeAllclose(norm(of(weights, "conv/kernel")), {
      rtol: 1e-6,
    });
    const first = [byLayer, weights].map((v) => norm(filterOf(of(v, "conv/kernel"), 5, 0)));
    expect(Math.abs(first[0]! / first[1]! - 1)).toBeGreaterThan(1e-3);

    const shapes = layoutOf({ kernel: [200, 100] });
    const raw = randomDirection(new Float32Array(20_000), shapes, { seed: 2, normalize: "none" });
    // five standard errors
    expect(norm(raw) ** 2 / 20_000).toBeAllclose(1, { rtol: 5 * Math.sqrt(2 / 20_000) });
  });

  test("the same seed gives the same bits, another seed a direction that is nearly orthogonal", () => {
    const wide = layoutOf({ kernel: [500, 40] });
    const w = iterates(8, 1, 20_000)[0]!;
    const [a, again, b] = [1, 1, 2].map((seed) => randomDirection(w, wide, { seed }));
    expect(a).toEqual(again);
    const cosine = a!.reduce((sum, value, i) => sum + value * b![i]!, 0) / norm(a!) / norm(b!);
    expect(cosine).toBeAllclose(0, { atol: 5 / Math.sqrt(20_000) });
  });

  test("a filter of zeros does not move, and nothing is NaN", () => {
    const zeros = randomDirection(new Float32Array(length), layout, { seed: 1, ignore: "none" });
    expect(zeros.every((value) => value === 0)).toBe(true);
  });

  test("bad input is named in the error", () => {
    const direction =
      (change: readonly unknown[], options: object = { seed: 1 }) =>
      () =>
        randomDirection(weights, change as VariableLayout[], options as { seed: number });
    expect(direction(layout.slice(0, -1))).toThrow(
      `randomDirection: the number of weights in layout must be ${length}, as given, got ${length - 4}`,
    );
    expect(direction([{ name: "kernel", shape: [-1] }])).toThrow(/the shape of kernel must be an/);
    expect(direction([null])).toThrow(TypeError);
    expect(direction(layout, {})).toThrow(/seed must be an integer/);
    expect(direction(layout, { seed: 1, normalize: "weight" })).toThrow(/normalize must be one of/);
    expect(direction(layout, { seed: 1, ignore: true })).toThrow(TypeError);
  });
});

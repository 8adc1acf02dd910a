import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import {
  cca,
  cka,
  convSvcca,
  dftCca,
  type Layers,
  procrustes,
  pwcca,
  rsa,
  type ShapedArray,
  type SimilarityGrid,
  type SimilarityGridOptions,
  shapeDistance,
  similarityGrid,
  svcca,
} from "../../src/similarity/index.js";
import { awkward, gaussian, gaussianMaps, type MapsArray, matrix, numbersIn } from "./data.js";

const random = new Random(1);
const EXAMPLES = 9;
const matrices: Record<string, ShapedArray> = {
  narrow: gaussian(random, EXAMPLES, 2),
  wide: gaussian(random, EXAMPLES, 20),
  dead: matrix(EXAMPLES, 3, () => 0.1),
  single: gaussian(random, EXAMPLES, 1),
};
const others: Record<string, ShapedArray> = {
  a: gaussian(random, EXAMPLES, 5),
  b: gaussian(random, EXAMPLES, EXAMPLES),
};

/** Every second channel a thousandth: present in CCA, left out by SVCCA. */
const withWeakChannel = ({ data, shape }: MapsArray): MapsArray => ({
  data: data.map((value, at) => (at % 2 === 0 ? value : value / 1000)),
  shape,
});

type Single = (x: ShapedArray, y: ShapedArray) => { similarity: number; chance: number };

const measures: [SimilarityGridOptions, Single][] = [
  [{}, svcca],
  [{ measure: "svcca" }, svcca],
  [{ measure: "svcca", variance: 0.7 }, (x, y) => svcca(x, y, { variance: 0.7 })],
  [{ components: 2 }, (x, y) => svcca(x, y, { components: 2 })],
  [{ measure: "cca" }, cca],
  [{ measure: "cca", regularization: 0.1 }, (x, y) => cca(x, y, { regularization: 0.1 })],
  [{ measure: "pwcca" }, pwcca],
  [{ measure: "cka" }, cka],
  [{ measure: "cka", debiased: true }, (x, y) => cka(x, y, { debiased: true })],
  [{ measure: "cka", kernel: "rbf" }, (x, y) => cka(x, y, { kernel: "rbf" })],
  [
    { measure: "cka", kernel: "rbf", bandwidth: 1, debiased: true },
    (x, y) => cka(x, y, { kernel: "rbf", bandwidth: 1, debiased: true }),
  ],
];

/** To rounding: a grid reduces each layer once, a pair takes the way with the fewest multiplications. */
function expectValues({ values }: SimilarityGrid, wanted: readonly (readonly number[])[]): void {
  expect(values.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
  expect(values.flat()).toBeAllclose(wanted.flat(), { atol: 1e-14 });
}

function expectCells(
  layersX: Record<string, ShapedArray>,
  layersY: Record<string, ShapedArray>,
  options: SimilarityGridOptions,
  single: Single,
): void {
  const grid = similarityGrid(layersX, layersY, options);
  expect(grid.rows).toEqual(Object.keys(layersX));
  expect(grid.columns).toEqual(Object.keys(layersY));
  const cells = Object.values(layersX).map((x) => Object.values(layersY).map((y) => single(x, y)));
  expectValues(
    grid,
    cells.map((row) => row.map(({ similarity }) => similarity)),
  );
  expect(grid.chance).toEqual(cells.map((row) => row.map(({ chance }) => chance)));
}

describe("similarityGrid", () => {
  test("a worked example", () => {
    // Correlations: of the first neuron with itself 1, with (1, −1, 1, −1) 2/(√2·2), and of a dead one 0.
    const first = { a: [[1], [-1], [0], [0]] };
    const second = {
      same: [[5], [3], [4], [4]],
      other: [[1], [-1], [1], [-1]],
      dead: [[1], [1], [1], [1]],
    };
    const grid = similarityGrid(first, second, { measure: "cca" });
    expect(grid).toMatchObject({ measure: "cca", rows: ["a"], columns: ["same", "other", "dead"] });
    expect(grid.values).toBeAllclose([[1, Math.SQRT1_2, 0]], { atol: 1e-15 });
    // N = 3: one half; against nothing: 0.
    expect(grid.chance!).toBeAllclose([[0.5, 0.5, 0]], { atol: 1e-15 });
  });

  test.each(measures)("%j equals the measure cell by cell", (options, single) => {
    expectCells(matrices, others, options, single);
    expectCells(others, matrices, options, single);
  });

  test("procrustes gives the normalised squared distance and no chance", () => {
    const grid = similarityGrid(matrices, others, { measure: "procrustes" });
    expect(grid.values).toEqual(
      Object.values(matrices).map((x) =>
        Object.values(others).map((y) => procrustes(x, y).normalized),
      ),
    );
    expect(grid).not.toHaveProperty("chance");
    expect(grid.measure).toBe("procrustes");
  });

  test("rsa and shapeDistance take their own options", () => {
    const cells = (of: (x: ShapedArray, y: ShapedArray) => number) =>
      Object.values(matrices).map((x) => Object.values(others).map((y) => of(x, y)));
    const ranked = { distance: "correlation", compare: "kendall" } as const;
    const grid = similarityGrid(matrices, others, { measure: "rsa", ...ranked });
    expectValues(
      grid,
      cells((x, y) => rsa(x, y, ranked).similarity),
    );
    expect(grid.chance!.flat()).toEqual(cells((x, y) => rsa(x, y, ranked).chance).flat());
    const shapes = similarityGrid(matrices, others, { measure: "shapeDistance", alpha: 0.5 });
    expectValues(
      shapes,
      cells((x, y) => shapeDistance(x, y, { alpha: 0.5 }).angle),
    );
    expect(shapes).not.toHaveProperty("chance");
    expect(() =>
      similarityGrid(matrices, others, { measure: "rsa", permutations: 9 } as never),
    ).toThrow("permutations");
  });

  test("maps and matrices mix: pooled", () => {
    const maps = gaussianMaps(random, EXAMPLES, 3, 2, 4);
    const pooled = matrix(EXAMPLES, 4, (i, j) => {
      let total = 0;
      for (let p = 0; p < 6; p++) total += maps.data[(i * 6 + p) * 4 + j]!;
      return total / 6;
    });
    for (const [options] of measures) {
      const mixed = similarityGrid({ maps, ...matrices }, { ...others, maps }, {
        ...options,
        as: "pooled",
      } as SimilarityGridOptions);
      const flat = similarityGrid(
        { maps: pooled, ...matrices },
        { ...others, maps: pooled },
        options,
      );
      expect(mixed.values).toBeAllclose(flat.values, { atol: 1e-10 });
      expect(mixed.chance!).toBeAllclose(flat.chance!, { atol: 1e-10 });
      expect(mixed.rows).toEqual(flat.rows);
    }
    const one = convSvcca(maps, maps, { as: "pooled" });
    expectValues(similarityGrid({ maps }, { maps }, { as: "pooled" }), [[one.similarity]]);
  });

  test("maps and matrices mix: frequency by frequency, of any sizes", () => {
    const layers: Record<string, ShapedArray> = {
      large: gaussianMaps(random, EXAMPLES, 6, 5, 2),
      small: gaussianMaps(random, EXAMPLES, 2, 3, 3),
      even: gaussianMaps(random, EXAMPLES, 4, 4, 1),
      uneven: withWeakChannel(gaussianMaps(random, EXAMPLES, 2, 2, 2)),
      flat: gaussian(random, EXAMPLES, 3),
    };
    const asMaps = ({ data, shape }: ShapedArray): ShapedArray => ({
      data,
      shape: shape.length === 4 ? shape : [shape[0]!, 1, 1, shape[1]!],
    });
    expectCells(layers, layers, { as: "dft" }, (x, y) =>
      dftCca(asMaps(x), asMaps(y), { variance: 0.99 }),
    );
    expectCells(layers, layers, { as: "dft", measure: "cca" }, (x, y) =>
      dftCca(asMaps(x), asMaps(y)),
    );
    expectCells(layers, layers, { as: "dft", components: 1 }, (x, y) =>
      dftCca(asMaps(x), asMaps(y), { components: 1 }),
    );
  });

  test("maps as samples are compared where they have as many positions", () => {
    const layers = {
      a: gaussianMaps(random, EXAMPLES, 3, 2, 4),
      b: gaussianMaps(random, EXAMPLES, 3, 2, 1),
    };
    expectCells(layers, layers, { as: "samples" }, (x, y) => convSvcca(x, y, { as: "samples" }));
    expect(() => similarityGrid(layers, others, { as: "samples" })).toThrow(
      'similarityGrid: as must be "pooled" or "dft" for layers of different size, got "samples" with 6 positions per ' +
        'example in layer "a" and 1 in layer "a". Or choose layers of one size',
    );
  });

  test("a Map keeps its order, whatever the names", () => {
    const layers = new Map([
      ["10", others.a!],
      ["2", others.b!],
      ["conv", others.a!],
    ]);
    const grid = similarityGrid(layers, layers);
    expect(grid.rows).toEqual(["10", "2", "conv"]);
    expect(grid.values[0]![2]).toBeCloseTo(1, 12);
    const data = { data: others.a!, fc: others.b! };
    expect(similarityGrid(data, data).rows).toEqual(["data", "fc"]);
  });

  test("a dead layer gives 0 in its cells for every measure, and an error for none", () => {
    for (const [options] of measures) {
      const { values, chance } = similarityGrid(matrices, matrices, options);
      const dead = Object.keys(matrices).indexOf("dead");
      values.forEach((row, i) => {
        row.forEach((value, j) => {
          if (i === dead || j === dead) expect([value, chance![i]![j]]).toEqual([0, 0]);
          else expect(value).not.toBe(0);
        });
      });
    }
  });

  test("a grid of a model with itself is 1 on the diagonal and, for symmetric measures, symmetric", () => {
    const live: Record<string, ShapedArray> = { ...matrices, ...others };
    delete live.dead;
    for (const [options] of measures) {
      if (options.measure === "cca" && options.regularization) continue;
      const { values } = similarityGrid(live, live, options);
      values.forEach((row, i) => {
        expect(row[i]).toBeCloseTo(1, 9);
        row.forEach((value, j) => {
          if (options.measure !== "pwcca") expect(value).toBeCloseTo(values[j]![i]!, 9);
        });
      });
    }
  });

  test("values are finite for any data", () => {
    fc.assert(
      fc.property(
        awkward,
        fc.constantFrom(
          "svcca",
          "cca",
          "pwcca",
          "cka",
          "rsa",
          "procrustes",
          "shapeDistance" as const,
        ),
        ({ x, y }, measure) => {
          fc.pre(measure !== "rsa" || x.shape[0] >= 3);
          const grid = similarityGrid({ x, y }, { x, y }, { measure } as SimilarityGridOptions);
          expect(numbersIn(grid).every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  test("onProgress hears of each finished row", () => {
    const calls: number[][] = [];
    similarityGrid(matrices, others, { onProgress: (done, total) => calls.push([done, total]) });
    expect(calls).toEqual([
      [2, 8],
      [4, 8],
      [6, 8],
      [8, 8],
    ]);
  });

  test("survives JSON", () => {
    for (const measure of ["svcca", "procrustes"] as const) {
      const grid = similarityGrid(matrices, others, { measure });
      expect(JSON.parse(JSON.stringify(grid))).toEqual(grid);
    }
  });

  test("leaves its arguments alone", () => {
    const maps = gaussianMaps(random, EXAMPLES, 2, 2, 2);
    const x = gaussian(random, EXAMPLES, 3);
    const before = [Float64Array.from(maps.data), Float64Array.from(x.data)];
    for (const as of ["pooled", "dft"] as const) similarityGrid({ maps, x }, { maps, x }, { as });
    similarityGrid({ maps }, { maps }, { as: "samples" });
    expect([maps.data, x.data]).toEqual(before);
  });

  describe("rejects", () => {
    const call =
      (options: unknown, x: unknown = others, y: unknown = others) =>
      () =>
        similarityGrid(x as Layers, y as Layers, options as SimilarityGridOptions);
    const maps = gaussianMaps(random, EXAMPLES, 2, 2, 1);

    test.each([
      [
        "a measure that does not exist",
        { measure: "rsa2" },
        RangeError,
        /^similarityGrid: measure must be one of "svcca", "cca", "pwcca", "cka", "rsa", "procrustes", "shapeDistance", got "rsa2"$/,
      ],
      ["null options", null, TypeError, /^similarityGrid: options must be an object, got null$/],
      [
        "options of another measure",
        { measure: "cka", variance: 0.9 },
        TypeError,
        /^similarityGrid: options must be made of kernel, debiased, bandwidth, measure, as, onProgress, permutations, bootstrap, seed, level, got "variance"$/,
      ],
      [
        "options of procrustes",
        { measure: "procrustes", kernel: "rbf" },
        TypeError,
        /got "kernel"$/,
      ],
      ["a misspelt option", { onprogress: () => {} }, TypeError, /got "onprogress"$/],
      [
        "a variance out of range",
        { variance: 2 },
        RangeError,
        /^similarityGrid: variance must be a finite number > 0 and <= 1, got 2$/,
      ],
      [
        "a ridge that is no number",
        { measure: "pwcca", regularization: "a" },
        TypeError,
        /^similarityGrid: regularization must be/,
      ],
      [
        "a progress callback that is no function",
        { onProgress: 5 },
        TypeError,
        /^similarityGrid: onProgress must be a function, got 5$/,
      ],
      [
        "an as that does not exist",
        { as: "flat" },
        RangeError,
        /^similarityGrid: as must be one of "dft", "samples", "pooled", got "flat"$/,
      ],
      [
        "frequencies for a measure that has none",
        { measure: "cka", as: "dft" },
        TypeError,
        /^similarityGrid: as must be "samples" or "pooled" for cka, got "dft"$/,
      ],
      [
        "a ridge with frequencies",
        { measure: "cca", as: "dft", regularization: 0.1 },
        RangeError,
        /^similarityGrid: regularization must be 0 with as: "dft", got 0.1$/,
      ],
    ])("%s", (_, options, kind, message) => {
      expect(call(options)).toThrow(kind);
      expect(call(options)).toThrow(message);
    });

    test("maps without as", () => {
      expect(call({}, { conv: maps })).toThrow(
        new TypeError(
          'similarityGrid: as must be "dft", "samples" or "pooled" for maps such as layersX["conv"], got undefined',
        ),
      );
    });

    test("what is not a collection of layers", () => {
      for (const layers of [null, 5, [[1], [2]], others.a]) {
        expect(call({}, layers)).toThrow(TypeError);
        expect(call({}, others, layers)).toThrow(
          /^similarityGrid: layersY must be an object or Map of layers by name, got /,
        );
      }
      expect(call({}, {})).toThrow(
        new RangeError("similarityGrid: layersX must have at least 1 layer, got none"),
      );
    });

    test("a bad layer, by name", () => {
      expect(call({}, { "block 1": [[1], [Number.NaN]] })).toThrow(
        /^similarityGrid: layersX\["block 1"\] must be finite everywhere, got NaN at \[1, 0\]/,
      );
      expect(call({}, { a: "no" })).toThrow(/^similarityGrid: layersX\["a"\] must be a matrix/);
      const constant = { a: [[1], [1], [1], [2]] };
      expect(call({ measure: "cka", kernel: "rbf" }, constant, constant)).toThrow(
        /^similarityGrid: layer "a": kernel "rbf" must have a positive median distance/,
      );
    });

    test("layers of different examples, by name, with a guess at the reason", () => {
      const x = gaussian(random, 4, 9);
      expect(call({}, others, { odd: x })).toThrow(
        /^similarityGrid: layer "a" and layer "odd" must have the same number of rows \(examples\), got 9 and 4\./,
      );
      expect(call({}, others, { odd: x })).toThrow(/pass transpose\(layer "odd"\)/);
    });

    test("too few examples for debiased cka", () => {
      const few = { a: [[1], [2], [4]] };
      expect(call({ measure: "cka", debiased: true }, few, few)).toThrow(
        /^similarityGrid: layer "a": x must have at least 4 rows \(examples\) if debiased, got 3$/,
      );
    });
  });
});

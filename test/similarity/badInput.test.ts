import { describe, expect, test } from "vitest";
import {
  cca,
  cka,
  convSvcca,
  dftCca,
  procrustes,
  pwcca,
  svcca,
  transpose,
} from "../../src/similarity/index.js";

type Measure = (x: never, y: never) => unknown;

const matrixMeasures = Object.entries({ cca, svcca, pwcca, cka, procrustes }) as [
  string,
  Measure,
][];
const mapMeasures: [string, Measure][] = [
  ["dftCca", dftCca as Measure],
  ...(["dft", "samples", "pooled"] as const).map((as): [string, Measure] => [
    "convSvcca",
    (x, y) => convSvcca(x, y, { as }),
  ]),
];

const zeros = (...shape: number[]) => ({
  data: new Float64Array(shape.reduce((product, size) => product * size, 1)),
  shape,
});
const good = [[1], [2], [4]];
const goodMaps = {
  data: Float64Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
  shape: [3, 2, 2, 2],
};

/** The same `bad` value as x and as y. */
function expectRejected(
  name: string,
  measure: Measure,
  bad: unknown,
  rest: unknown,
  kind: typeof RangeError | typeof TypeError,
  message: string,
): void {
  for (const [argument, call] of [
    ["x", () => measure(bad as never, rest as never)],
    ["y", () => measure(rest as never, bad as never)],
  ] as const) {
    const expected = `${name}: ${message.replaceAll("$", argument)}`;
    expect(call, expected).toThrow(expected);
    expect(call).toThrow(kind);
  }
}

/** An object that looks like an ml-matrix `Matrix`; nothing may ask it for a number before its size is known good. */
const sized = (rows: number, columns: number, get = (): unknown => expect.unreachable()) => ({
  rows,
  columns,
  get,
});

const sparse = [[1], [2], [4]];
delete sparse[1];

describe.each(matrixMeasures)("%s", (name, measure) => {
  test.each<[string, unknown, typeof RangeError | typeof TypeError, string]>([
    [
      "convolutional maps",
      goodMaps,
      RangeError,
      "$ must be a matrix [examples, neurons], got [3, 2, 2, 2]. Use convSvcca or dftCca for convolutional maps, or " +
        "pool them first",
    ],
    [
      "three axes",
      zeros(3, 2, 1),
      RangeError,
      "$ must be a matrix [examples, neurons], got [3, 2, 1]",
    ],
    ["one axis", zeros(3), RangeError, "$ must be a matrix [examples, neurons], got [3]"],
    ["no rows", [], RangeError, "$ must be a matrix of at least 2 rows (examples), got 0"],
    ["one row", [[1, 2]], RangeError, "$ must be a matrix of at least 2 rows (examples), got 1"],
    [
      "no columns",
      zeros(3, 0),
      RangeError,
      "$ must be a matrix of at least 1 column (neuron), got 0",
    ],
    [
      "empty rows",
      [[], [], []],
      RangeError,
      "$ must be a matrix of at least 1 column (neuron), got 0",
    ],
    [
      "NaN",
      [
        [1, 2],
        [3, Number.NaN],
        [1, 1],
      ],
      RangeError,
      "$ must be finite everywhere, got NaN at [1, 1]. Remove",
    ],
    [
      "infinity",
      [[1], [2], [Number.POSITIVE_INFINITY]],
      RangeError,
      "$ must be finite everywhere, got Infinity at [2, 0]",
    ],
    [
      "−infinity",
      { data: Float32Array.of(1, 2, 3, 4, 5, -1e39), shape: [3, 2] },
      RangeError,
      "$ must be finite everywhere, got -Infinity at [2, 1]",
    ],
    [
      "ragged rows",
      [[1, 2], [3], [4, 5]],
      RangeError,
      "$[1] must be of 2 numbers like the first row, got 1",
    ],
    ["numbers in place of rows", [1, 2, 3], TypeError, "$[0] must be an array of numbers, got 1"],
    ["a missing row", [[1], null, [2]], TypeError, "$[1] must be an array of numbers, got null"],
    [
      "a hole in place of a row",
      sparse,
      TypeError,
      "$[1] must be an array of numbers, got undefined",
    ],
    [
      "text in place of a row",
      ["ab", "cd", "ef"],
      TypeError,
      '$[0] must be an array of numbers, got "ab"',
    ],
    [
      "text in place of a number",
      [[1], ["2"], [3]],
      TypeError,
      '$[1][0] must be a number, got "2"',
    ],
    [
      "null in place of a number",
      [[1], [null], [3]],
      TypeError,
      "$[1][0] must be a number, got null",
    ],
    ["BigInts in rows", [[1n], [2n], [3n]], TypeError, "$[0][0] must be a number, got 1n"],
    [
      "64-bit integers",
      { data: BigInt64Array.of(1n, 2n, 3n), shape: [3, 1] },
      TypeError,
      "$.data must be an array of numbers, got BigInt64Array of 24 bytes. 64-bit integers are read as BigInt: convert " +
        "with Float64Array.from(data, Number)",
    ],
    [
      "bytes without a type",
      { data: new DataView(new ArrayBuffer(24)), shape: [3, 1] },
      TypeError,
      "$.data must be a typed array of numbers, got DataView of 24 bytes",
    ],
    [
      "plain numbers with a shape",
      { data: [1, 2, 3], shape: [3, 1] },
      TypeError,
      "$.data must be a typed array of numbers, got [1, 2, 3]",
    ],
    [
      "a shape that is no array",
      { data: Float64Array.of(1, 2), shape: 2 },
      TypeError,
      "$.shape must be an array of non-negative integers, got 2",
    ],
    [
      "a shape of fractions",
      { data: Float64Array.of(1, 2, 3), shape: [1.5, 2] },
      TypeError,
      "$.shape must be an array of non-negative integers, got [1.5, 2]",
    ],
    [
      "a negative shape",
      { data: Float64Array.of(1, 2), shape: [-1, -2] },
      TypeError,
      "$.shape must be an array of non-negative integers, got [-1, -2]",
    ],
    [
      "a shape of another size",
      { data: Float64Array.of(1, 2, 3, 4, 5), shape: [3, 2] },
      RangeError,
      "$.data must be of 3 × 2 = 6 numbers, as its shape says, got 5",
    ],
    [
      "nothing",
      undefined,
      TypeError,
      "$ must be a matrix: { data, shape: [examples, neurons] }, number[][], or an ml-matrix Matrix, got undefined",
    ],
    ["null", null, TypeError, "$ must be a matrix"],
    [
      "text",
      "activations.npy",
      TypeError,
      '$ must be a matrix: { data, shape: [examples, neurons] }, number[][], or an ml-matrix Matrix, got "activations.npy"',
    ],
    ["a typed array without a shape", Float64Array.of(1, 2, 3), TypeError, "$ must be a matrix"],
    ["a number", 3, TypeError, "$ must be a matrix"],
    [
      "a Matrix of half a row",
      sized(2.5, 1),
      RangeError,
      "$.rows must be an integer >= 0, got 2.5",
    ],
    ["a Matrix of NaN rows", sized(Number.NaN, 1), RangeError, "$.rows must be an integer >= 0"],
    [
      "a Matrix of fewer than no columns",
      sized(3, -1),
      RangeError,
      "$.columns must be an integer >= 0, got -1",
    ],
    [
      "a Matrix of 10¹² rows",
      sized(1e12, 1),
      RangeError,
      "$ must be a matrix of at most 4294967296 numbers, got 1000000000000",
    ],
    [
      "a Matrix of more than 2³² numbers",
      sized(65536, 65537),
      RangeError,
      "$ must be a matrix of at most 4294967296 numbers, got 4295032832",
    ],
    [
      "a Matrix of 10¹² empty rows",
      sized(1e12, 0),
      RangeError,
      "$ must be a matrix of at most 4294967296 numbers, got 1000000000000",
    ],
    [
      "an array of 10¹² empty rows",
      { data: new Float64Array(0), shape: [1e12, 0] },
      RangeError,
      "$ must be a matrix of at most 4294967296 numbers, got 1000000000000",
    ],
    [
      "a Matrix without numbers",
      sized(3, 2, () => "1"),
      TypeError,
      '$.get(0, 0) must be a number, got "1"',
    ],
    [
      "rows of an absurd length",
      [{ length: 1e12 }, { length: 1e12 }],
      RangeError,
      "$ must be a matrix of at most 4294967296 numbers, got 2000000000000",
    ],
    [
      "rows of a length that is no integer",
      [{ length: 0.5 }, { length: 0.5 }],
      RangeError,
      "$[0].length must be an integer >= 0, got 0.5",
    ],
  ])("rejects %s", (_, bad, kind, message) => {
    expectRejected(name, measure, bad, good, kind, message);
  });

  test.each([
    [[10, 3], [4, 3], "If the arrays are [neurons, examples], pass transpose(x) and transpose(y)"],
    [[5, 10], [10, 3], "x looks like [neurons, examples]: pass transpose(x)"],
    [[10, 3], [5, 10], "y looks like [neurons, examples]: pass transpose(y)"],
    [
      [10, 3],
      [3, 10],
      "One of them looks like [neurons, examples]: pass transpose(x) or transpose(y)",
    ],
    [[10, 3], [9, 4], "Both must hold the same examples in the same order"],
  ])("rejects different examples, %j and %j, with a guess at the reason", (x, y, hint) => {
    expect(() => measure(zeros(...x) as never, zeros(...y) as never)).toThrow(
      new RangeError(
        `${name}: x and y must have the same number of rows (examples), got ${x[0]} and ${y[0]}. ${hint}`,
      ),
    );
  });
});

describe.each(mapMeasures)("%s", (name, measure) => {
  const spoilt = (at: number, value: number) => {
    const data = Float64Array.from(goodMaps.data);
    data[at] = value;
    return { data, shape: goodMaps.shape };
  };

  test.each<[string, unknown, typeof RangeError | typeof TypeError, string]>([
    [
      "a matrix with its shape",
      zeros(3, 2),
      RangeError,
      "$ must be maps of shape [examples, height, width, channels], got [3, 2]. Use svcca or cca for matrices",
    ],
    [
      "rows",
      good,
      TypeError,
      "$ must be maps: { data, shape: [examples, height, width, channels] }, got [[1], [2], [4]]. Use svcca or cca for matrices",
    ],
    [
      "three axes",
      zeros(3, 2, 2),
      RangeError,
      "$ must be maps of shape [examples, height, width, channels], got [3, 2, 2]",
    ],
    [
      "five axes",
      zeros(3, 2, 2, 1, 1),
      RangeError,
      "$ must be maps of shape [examples, height, width, channels], got [3, 2, 2, 1, … 5 items]",
    ],
    ["one example", zeros(1, 2, 2, 2), RangeError, "$ must be maps of at least 2 examples, got 1"],
    [
      "no channels",
      zeros(3, 2, 2, 0),
      RangeError,
      "$ must be maps with height, width and channels >= 1, got [3, 2, 2, 0]",
    ],
    [
      "NaN",
      spoilt(13, Number.NaN),
      RangeError,
      "$ must be finite everywhere, got NaN at [1, 1, 0, 1]. Remove",
    ],
    [
      "infinity",
      spoilt(23, Number.NEGATIVE_INFINITY),
      RangeError,
      "$ must be finite everywhere, got -Infinity at [2, 1, 1, 1]",
    ],
    [
      "a shape of another size",
      { data: new Float64Array(5), shape: [3, 2, 2, 2] },
      RangeError,
      "$.data must be of 3 × 2 × 2 × 2 = 24 numbers, as its shape says, got 5",
    ],
    [
      "64-bit integers",
      { data: new BigUint64Array(24), shape: [3, 2, 2, 2] },
      TypeError,
      "$.data must be an array of numbers, got BigUint64Array of 192 bytes",
    ],
    [
      "null",
      null,
      TypeError,
      "$ must be maps: { data, shape: [examples, height, width, channels] }, got null",
    ],
    ["text", "maps", TypeError, "$ must be maps"],
  ])("rejects %s", (_, bad, kind, message) => {
    expectRejected(name, measure, bad, goodMaps, kind, message);
  });

  test("rejects different examples", () => {
    expect(() => measure(goodMaps as never, zeros(4, 2, 2, 2) as never)).toThrow(
      new RangeError(
        `${name}: x and y must have the same number of examples, got 3 and 4. ` +
          "Maps are [examples, height, width, channels]",
      ),
    );
  });
});

test("transpose rejects bad input under its own name", () => {
  for (const bad of [
    null,
    "x",
    3,
    [1, 2],
    [[1, 2], [3]],
    zeros(2, 2, 2),
    { data: 1, shape: [1] },
    zeros(1e12, 0),
    sized(1e12, 0),
  ]) {
    expect(() => transpose(bad as never)).toThrow(/^transpose: matrix/);
  }
});

test("vectors and sequences are told how to become matrices", () => {
  const array = (...shape: number[]) => ({
    data: new Float32Array(shape.reduce((a, b) => a * b)),
    shape,
  });
  expect(() => svcca(array(5), array(5))).toThrow(
    "svcca: x must be a matrix [examples, neurons], got [5]. If it is one neuron, give it the shape [5, 1]",
  );
  expect(() => svcca(array(5, 7, 3), array(5, 2))).toThrow(
    "svcca: x must be a matrix [examples, neurons], got [5, 7, 3]. Of a sequence [examples, positions, neurons] take the " +
      "mean over positions, or give it the shape [35, 3] (each position an example) or [5, 21]",
  );
});

import { rangeError, typeError } from "../internal/checks.js";
import {
  asReal,
  checkFinite,
  checkShaped,
  type Dense,
  isMatrixObject,
  isShaped,
  type RealMatrix,
  readMatrix,
  readNumbers,
  type ShapedArray,
} from "../internal/matrix.js";

const NOT_FINITE = "Remove the examples or neurons with such values first";

/** Any accepted matrix: the one door through which activations come in. The numbers are the caller's, only to be read. */
export function toActivations(where: string, name: string, value: unknown): RealMatrix {
  checkNoMaps(where, name, value);
  checkTwoAxes(where, name, value);
  const matrix = readNumbers(where, name, value, "neurons");
  if (matrix.rows < 2) {
    throw rangeError(where, name, "a matrix of at least 2 rows (examples)", matrix.rows);
  }
  if (matrix.columns < 1) {
    throw rangeError(where, name, "a matrix of at least 1 column (neuron)", matrix.columns);
  }
  checkFinite(where, name, matrix.data, [matrix.rows, matrix.columns], NOT_FINITE);
  return matrix;
}

/** Any accepted matrix as doubles (a copy), of any size and with any numbers. */
export function toDenseUnchecked(where: string, name: string, value: unknown): Dense {
  checkNoMaps(where, name, value);
  return readMatrix(where, name, value, "neurons");
}

/** Vectors and sequences come often enough to be told what to do. */
function checkTwoAxes(where: string, name: string, value: unknown): void {
  if (!isShaped(value) || !Array.isArray(value.shape)) return;
  const [examples, length, width] = value.shape;
  const hint =
    value.shape.length === 1
      ? `If it is one neuron, give it the shape [${examples}, 1]`
      : value.shape.length === 3
        ? `Of a sequence [examples, positions, neurons] take the mean over positions, or give it the shape [${examples * length}, ${width}] ` +
          `(each position an example) or [${examples}, ${length * width}]`
        : "";
  if (hint) throw rangeError(where, name, "a matrix [examples, neurons]", value.shape, hint);
}

function checkNoMaps(where: string, name: string, value: unknown): void {
  if (areMaps(value)) {
    throw rangeError(
      where,
      name,
      "a matrix [examples, neurons]",
      value.shape,
      "Use convSvcca or dftCca for convolutional maps, or pool them first",
    );
  }
}

/** Both matrices of a comparison, with the same examples in the same order. */
export function toActivationsPair(where: string, x: unknown, y: unknown): [RealMatrix, RealMatrix] {
  const a = toActivations(where, "x", x);
  const b = toActivations(where, "y", y);
  checkSameExamples(where, "x", a, "y", b);
  return [a, b];
}

export function checkSameExamples(
  where: string,
  nameX: string,
  x: Pick<Dense, "rows" | "columns">,
  nameY: string,
  y: Pick<Dense, "rows" | "columns">,
): void {
  if (x.rows === y.rows) return;
  const fitsX = x.columns === y.rows;
  const fitsY = y.columns === x.rows;
  const hint =
    x.columns === y.columns
      ? "If the arrays are [neurons, examples], pass transpose(x) and transpose(y)"
      : fitsX && fitsY
        ? `One of them looks like [neurons, examples]: pass transpose(${nameX}) or transpose(${nameY})`
        : fitsX
          ? `${nameX} looks like [neurons, examples]: pass transpose(${nameX})`
          : fitsY
            ? `${nameY} looks like [neurons, examples]: pass transpose(${nameY})`
            : "Both must hold the same examples in the same order";
  throw new RangeError(
    `${where}: ${nameX} and ${nameY} must have the same number of rows (examples), ` +
      `got ${x.rows} and ${y.rows}. ${hint}`,
  );
}

/** Convolutional maps, the numbers only to be read: `[examples, height, width, channels]`, row-major. */
export interface Maps {
  readonly data: Float64Array | Float32Array;
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Whether a value is 4-D, that is convolutional maps. */
export const areMaps = (value: unknown): value is ShapedArray =>
  isShaped(value) && Array.isArray(value.shape) && value.shape.length === 4;

/** Any accepted maps; the numbers are the caller's. */
export function toMaps(where: string, name: string, value: unknown): Maps {
  if (!isShaped(value)) {
    throw typeError(
      where,
      name,
      "maps: { data, shape: [examples, height, width, channels] }",
      value,
      Array.isArray(value) || isMatrixObject(value) ? "Use svcca or cca for matrices" : "",
    );
  }
  const data = asReal(checkShaped(where, name, value));
  const { shape } = value;
  if (shape.length !== 4) {
    throw rangeError(
      where,
      name,
      "maps of shape [examples, height, width, channels]",
      shape,
      shape.length === 2 ? "Use svcca or cca for matrices" : "",
    );
  }
  const [examples, height, width, channels] = shape as [number, number, number, number];
  if (examples < 2) throw rangeError(where, name, "maps of at least 2 examples", examples);
  if (data.length === 0) {
    throw rangeError(where, name, "maps with height, width and channels >= 1", shape);
  }
  checkFinite(where, name, data, shape, NOT_FINITE);
  return { data, examples, height, width, channels };
}

/** Both maps of a comparison, with the same examples in the same order. */
export function toMapsPair(where: string, x: unknown, y: unknown): [Maps, Maps] {
  const a = toMaps(where, "x", x);
  const b = toMaps(where, "y", y);
  if (a.examples !== b.examples) {
    throw new RangeError(
      `${where}: x and y must have the same number of examples, got ${a.examples} and ${b.examples}. ` +
        "Maps are [examples, height, width, channels]",
    );
  }
  return [a, b];
}

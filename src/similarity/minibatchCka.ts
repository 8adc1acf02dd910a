import { rangeError } from "../internal/checks.js";
import type { Dense, MatrixLike, RealMatrix } from "../internal/matrix.js";
import { centredOperand } from "./centre.js";
import { uCentreKernel } from "./centreKernel.js";
import type { CkaResult } from "./cka.js";
import { linearAlgebra } from "./linearAlgebra.js";
import { toActivationsPair } from "./matrix.js";

export interface MinibatchCkaResult extends CkaResult {
  /** Number of batches that were added. */
  readonly batches: number;
  /** Number of examples in all of them. */
  readonly examples: number;
}

/** See {@link minibatchCka}. */
export interface MinibatchCka {
  /**
   * Takes the activations of one batch, `[examples, neurons]`, the same examples on both sides.
   *
   * @throws RangeError if there are fewer than 4 examples, their numbers differ, the number of neurons is not that of
   * the first batch, or a value is not finite; TypeError if an argument is not a matrix. The batch then does not count.
   */
  add(x: MatrixLike, y: MatrixLike): void;
  /**
   * The similarity of what was added so far. `deadX` and `deadY` are the neurons that are constant within each batch.
   *
   * @throws RangeError before the first batch.
   */
  result(): MinibatchCkaResult;
}

const WHERE = "minibatchCka";

/**
 * Linear CKA from batches, for activations that do not fit in memory together.
 *
 *     similarity = H(x, y)/√(H(x, x) H(y, y)),    H = Σ_b n_b HSIC₁(b) / Σ_b n_b
 *     HSIC₁ = ⟨K̃, L̃⟩/(n_b (n_b − 3)),    K̃, L̃: U-centred kernel matrices XXᵀ and YYᵀ of the n_b examples of batch b
 *
 * HSIC₁ does not depend on the size of the batch in expectation, unlike the biased estimate. Batches of equal size
 * count alike; a shorter last one counts by its examples. With one batch the result is that of
 * `cka(x, y, { debiased: true })`; with several it estimates the same quantity but is not equal to it, since examples
 * of different batches are never compared. Take large batches of examples in random order, each example once.
 *
 * A batch takes O(n_b²·neurons) time and 16 n_b² bytes; a few numbers of it are kept. For the exact value of all examples at
 * once, in one pass, see `layerStatistics`.
 *
 * @example
 * ```ts
 * import { minibatchCka } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-2, 1]];
 * const similarity = minibatchCka();
 * similarity.add(x, x.map(([a, b]) => [b, -a]));
 * similarity.add(x.slice(1), x.slice(1).map(([a, b]) => [b, -a]));
 * similarity.result().similarity; // 1
 * similarity.result().examples; // 11
 * ```
 * @see Nguyen, Raghu, Kornblith 2021, eq. (2) and (3); HSIC₁: Song et al. 2012.
 */
export function minibatchCka(): MinibatchCka {
  const batches: Batch[] = [];
  return {
    add(x, y) {
      batches.push(measureBatch(x, y, batches[0]));
    },
    result() {
      if (batches.length === 0) {
        throw new RangeError(
          `${WHERE}: a batch must be added before the result is asked for, got none`,
        );
      }
      return combine(batches);
    },
  };
}

/** One side of a batch. */
interface Side {
  readonly columns: number;
  readonly dead: readonly number[];
  readonly kernel: Dense;
  /** HSIC₁ of the side with itself. */
  readonly square: number;
  /** The kernel matrix is that of the activations divided by 2 to twice this power. */
  readonly exponent: number;
}

/** What is kept of a batch. */
interface Batch {
  readonly examples: number;
  readonly x: Omit<Side, "kernel">;
  readonly y: Omit<Side, "kernel">;
  /** HSIC₁ of the two sides. */
  readonly product: number;
}

function measureBatch(xBatch: MatrixLike, yBatch: MatrixLike, first: Batch | undefined): Batch {
  const [a, b] = toActivationsPair(WHERE, xBatch, yBatch);
  if (a.rows < 4) {
    throw rangeError(
      WHERE,
      "a batch",
      "of at least 4 examples",
      a.rows,
      "Join a short last batch to the one before, or leave it out",
    );
  }
  checkColumns("x", a, first?.x);
  checkColumns("y", b, first?.y);
  const { kernel: k, ...x } = measureSide(a);
  const { kernel: l, ...y } = measureSide(b);
  return { examples: a.rows, x, y, product: hsic(k, l) };
}

function checkColumns(name: string, { columns }: RealMatrix, first: Batch["x"] | undefined): void {
  if (first === undefined || first.columns === columns) return;
  const must = `a batch of ${first.columns} neurons like the first one`;
  throw rangeError(WHERE, name, must, columns);
}

function measureSide(x: RealMatrix): Side {
  const { columns } = x;
  const centred = centredOperand(x);
  const kernel = linearAlgebra.outerGram(centred);
  const before = hsic(kernel, kernel);
  uCentreKernel(kernel);
  const after = hsic(kernel, kernel);
  // A kernel matrix that centring leaves nothing of (examples all equally far apart) is 0, not its rounding errors.
  const square = after > (64 * Number.EPSILON) ** 2 * before ? after : 0;
  if (square === 0) kernel.data.fill(0);
  return { columns, dead: centred.dead, kernel, square, exponent: centred.exponent };
}

/** ⟨K, L⟩/(n(n − 3)): of a U-centred matrix with itself a sum of squares, which cannot be negative. */
function hsic({ data: k, rows: n }: Dense, { data: l }: Dense): number {
  let sum = 0;
  for (let at = 0; at < k.length; at++) sum += k[at]! * l[at]!;
  return sum / (n * (n - 3));
}

function combine(batches: readonly Batch[]): MinibatchCkaResult {
  const exponentX = largestExponent(batches.map(({ x }) => x));
  const exponentY = largestExponent(batches.map(({ y }) => y));
  let squareX = 0;
  let squareY = 0;
  let product = 0;
  for (const { examples, x, y, product: ofBatch } of batches) {
    // In the units of the batch with the largest numbers, in which no square overflows.
    const unitX = 4 ** (x.exponent - exponentX);
    const unitY = 4 ** (y.exponent - exponentY);
    if (x.square > 0) squareX += examples * x.square * unitX ** 2;
    if (y.square > 0) squareY += examples * y.square * unitY ** 2;
    if (x.square > 0 && y.square > 0) product += examples * ofBatch * unitX * unitY;
  }
  const norm = Math.sqrt(squareX) * Math.sqrt(squareY);
  return {
    similarity: norm > 0 ? Math.max(-1, Math.min(1, product / norm)) : 0,
    chance: 0,
    deadX: deadInAll(batches.map(({ x }) => x)),
    deadY: deadInAll(batches.map(({ y }) => y)),
    batches: batches.length,
    examples: batches.reduce((sum, { examples }) => sum + examples, 0),
  };
}

const largestExponent = (sides: readonly Batch["x"][]) =>
  sides.reduce((max, { square, exponent }) => (square > 0 ? Math.max(max, exponent) : max), -1e9);

const deadInAll = ([first, ...others]: readonly Batch["x"][]) =>
  first!.dead.filter((neuron) => others.every(({ dead }) => dead.includes(neuron)));

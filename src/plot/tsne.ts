import {
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";

export interface TsneOptions {
  /**
   * Number of neighbours that count, greater than 1 and less than a third of the number of points.
   * @defaultValue `(points − 1) / 3`, at most 30: 4 for 13 points
   */
  perplexity?: number;
  /** Seed of the first places, an integer. The same seed gives the same picture. @defaultValue `0` */
  seed?: number;
  /** Steps of gradient descent. @defaultValue `1000` */
  steps?: number;
}

/**
 * Places of points in two dimensions such that neighbours stay neighbours: t-SNE.
 *
 *     p_{j|i} ∝ exp(−β_i d_ij²),  β_i such that the entropy of p_{·|i} is ln perplexity
 *     p_ij = (p_{j|i} + p_{i|j}) / 2n,   q_ij ∝ 1 / (1 + ‖y_i − y_j‖²),   y minimises KL(p ‖ q)
 *
 * It takes distances, not points, since those of networks are few and small where the networks are large:
 * `pairwiseDistances` of `closerlook/landscape` computes them. They are divided by their root mean
 * square first, which changes nothing but rounding. Who is near whom can be read off the result; lengths,
 * angles and the axes have no meaning, and another seed gives another picture. Needs the optional package
 * `@saehrimnir/druidjs`.
 *
 * @param distances - `distances[i][j]`, symmetric, not negative, zeros on the diagonal; at least five points.
 * @returns The place of each point.
 * @throws RangeError if the distances are no such matrix, all zero, or the perplexity is too large for them.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @throws Error if `@saehrimnir/druidjs` is not installed (the message has the command).
 * @example
 * ```ts
 * import { tsne } from "closerlook/plot";
 * const line = [0, 1, 2, 10, 11, 12];
 * const distances = line.map((a) => line.map((b) => Math.abs(a - b)));
 * const places = await tsne(distances, { perplexity: 1.5, seed: 1 });
 * places.length; // 6
 * ```
 * @see van der Maaten and Hinton 2008; used in Gotmare et al. 2019, figure 10.
 */
export async function tsne(
  distances: ArrayLike<ArrayLike<number>>,
  options: TsneOptions = {},
): Promise<{ x: number; y: number }[]> {
  checkOptions("tsne", options, ["perplexity", "seed", "steps"]);
  const rows = readDistances(distances);
  const count = rows.length;
  const { perplexity = Math.min(30, (count - 1) / 3), seed = 0, steps = 1000 } = options;
  checkNumber("tsne", "perplexity", perplexity, { above: 1, below: count / 3 });
  checkInteger("tsne", "seed", seed);
  checkInteger("tsne", "steps", steps, { min: 1, max: 1_000_000 });
  const meanSquare = rows.flat().reduce((sum, d) => sum + d * d, 0) / (count * (count - 1));
  if (!(meanSquare > 0 && meanSquare < Infinity)) {
    const must = "a positive number that is not too large";
    throw rangeError("tsne", "the mean of the squared distances", must, meanSquare);
  }
  const squares = rows.map((row) => row.map((d) => (d * d) / meanSquare));
  const { TSNE } = await loadDruid();
  const method = new TSNE(squares, { metric: "precomputed", perplexity, seed, d: 2 });
  return Array.from(method.transform(steps), ([x, y]) => ({ x: x!, y: y! }));
}

/** A copy of the distances; throws unless they are distances. */
function readDistances(distances: ArrayLike<ArrayLike<number>>): number[][] {
  if (typeof distances !== "object" || distances === null || typeof distances.length !== "number") {
    throw typeError("tsne", "distances", "an array of rows of distances", distances);
  }
  const count = distances.length;
  if (count < 5) throw rangeError("tsne", "distances.length", ">= 5", count);
  const rows = Array.from(distances, (line, i) => {
    if (typeof line !== "object" || line === null || typeof line.length !== "number") {
      throw typeError("tsne", `distances[${i}]`, "an array of numbers", line);
    }
    if (line.length !== count) {
      throw rangeError(
        "tsne",
        `distances[${i}]`,
        `as long as there are rows (${count})`,
        line.length,
      );
    }
    return Array.from(line, (d, j) => checkNumber("tsne", `distances[${i}][${j}]`, d, { min: 0 }));
  });
  rows.forEach((row, i) => {
    if (row[i] !== 0) throw rangeError("tsne", `distances[${i}][${i}]`, "0", row[i]);
    for (let j = 0; j < i; j++) {
      const other = rows[j]![i]!;
      if (Math.abs(row[j]! - other) > 1e-6 * Math.max(row[j]!, other)) {
        const must = `distances[${j}][${i}] = ${other}`;
        throw rangeError("tsne", `distances[${i}][${j}]`, must, row[j]);
      }
    }
  });
  return rows;
}

// A name in a variable: bundlers would follow a literal to a package that may not be there.
const druidPackage: string = "@saehrimnir/druidjs";

/** The optional package, or the command that installs it. */
async function loadDruid(): Promise<typeof import("@saehrimnir/druidjs")> {
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ druidPackage);
  } catch (cause) {
    throw new Error(
      "tsne: the optional package @saehrimnir/druidjs could not be loaded. Run: npm install @saehrimnir/druidjs",
      { cause },
    );
  }
}

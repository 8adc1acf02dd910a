import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { centre } from "../../src/similarity/centre.js";
import { canonicalDirections, type DirectionsSide } from "../../src/similarity/directions.js";
import { linearAlgebra, scaleColumns, takeColumns } from "../../src/similarity/linearAlgebra.js";
import {
  awkward,
  centredOf,
  entry,
  gaussian,
  joined,
  type Matrix,
  map,
  matrix,
  numbersIn,
  orthonormal,
  plus,
  sum,
  times,
  transposeOf,
  wellConditioned,
} from "./data.js";

/** All that the function is given, from the data themselves: at most `keep` directions of either side. */
function compare(x: Matrix, y: Matrix, keep = Number.POSITIVE_INFINITY) {
  const [a, b] = [sideOf(x, keep), sideOf(y, keep)];
  const none = (rows: number) => ({ data: new Float64Array(0), rows, columns: 0 });
  const { left, values, right } =
    a.basis.columns > 0 && b.basis.columns > 0
      ? linearAlgebra.thinSvd(linearAlgebra.crossProduct(a.basis, b.basis))
      : { left: none(a.basis.columns), values: new Float64Array(0), right: none(b.basis.columns) };
  const correlations = values.map((value) => Math.min(1, value));
  const directions = canonicalDirections(
    { ...a.side, rotation: left },
    { ...b.side, rotation: right },
    correlations,
    x.shape[0],
  );
  return { ...directions, correlations };
}

function sideOf({ data, shape }: Matrix, keep: number) {
  const centred = centre({ data, rows: shape[0], columns: shape[1] });
  const { left, values, right } = linearAlgebra.thinSvd(centred);
  const rank = values.filter((value) => value > 1e-9 * values[0]!).length;
  const kept = Math.min(rank, keep);
  const map = takeColumns(right, kept);
  const coordinates = takeColumns(right, kept);
  scaleColumns(map, (i) => 1 / values[i]!);
  scaleColumns(coordinates, (i) => values[i]!);
  const squaredNorms = Array.from({ length: shape[1] }, (_, j) =>
    sum(Array.from({ length: shape[0] }, (_, i) => centred.data[i * shape[1] + j]! ** 2)),
  );
  const side: Omit<DirectionsSide, "rotation"> = {
    map,
    coordinates,
    squaredNorms,
    exponent: centred.exponent,
  };
  return { side, basis: takeColumns(left, kept) };
}

const columnOf = (a: Matrix, j: number) =>
  Array.from({ length: a.shape[0] }, (_, i) => entry(a, i, j));
const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]!));

/** The part of `target` that a linear map of `predictors` (centred, independent) predicts, by Gram–Schmidt. */
function predicted(target: readonly number[], predictors: Matrix): number[] {
  const basis: number[][] = [];
  for (let j = 0; j < predictors.shape[1]; j++) {
    let column = columnOf(predictors, j);
    for (const unit of [...basis, ...basis]) {
      const share = dot(column, unit);
      column = column.map((value, i) => value - share * unit[i]!);
    }
    const length = Math.sqrt(dot(column, column));
    basis.push(column.map((value) => value / length));
  }
  return target.map((_, i) => sum(basis.map((unit) => dot(target, unit) * unit[i]!)));
}

const variatesOf = (
  x: Matrix,
  { data, shape }: { data: Float64Array; shape: readonly [number, number] },
) => times(centredOf(x), { data, shape });

describe("canonicalDirections", () => {
  test("a worked example: one of two independent neurons is known to the other side", () => {
    const x = matrix(4, 2, (i, j) => (j === 0 ? [3, 0, -3, 0] : [0, 1, 0, -1])[i]!);
    const y = matrix(4, 1, (i) => [2, 0, -2, 0][i]! + 7);
    const result = compare(x, y);
    expect(result.correlations).toBeAllclose([1], { atol: 1e-15 });
    // Variances (n − 1) of 6 and 8/3.
    expect(result.directionsX.shape).toEqual([2, 1]);
    expect(result.directionsX.data).toBeAllclose([1 / Math.sqrt(6), 0], { atol: 1e-15 });
    expect(result.directionsY.data).toBeAllclose([Math.sqrt(3 / 8)], { atol: 1e-15 });
    expect(result.contributionsX).toBeAllclose([1, 0], { atol: 1e-14 });
    expect(result.explainedX).toBeAllclose([1, 0], { atol: 1e-14 });
    expect([...result.contributionsY, ...result.explainedY]).toBeAllclose([1, 1], { atol: 1e-14 });
  });

  test("a worked example: a neuron that only cancels what another brings in", () => {
    // x = (signal + noise, noise) and y = signal; signal and noise orthogonal, of the same variance.
    const signal = [1, 1, -1, -1];
    const noise = [1, -1, 1, -1];
    const x = matrix(4, 2, (i, j) => (j === 0 ? signal[i]! + noise[i]! : noise[i]!));
    const result = compare(
      x,
      matrix(4, 1, (i) => signal[i]!),
    );
    const unit = Math.sqrt(3 / 4);
    expect(result.directionsX.data).toBeAllclose([unit, -unit], { atol: 1e-14 });
    // The noise alone has nothing to do with y: it contributes by its coefficient times its covariance, 0.
    expect(result.contributionsX).toBeAllclose([1, 0], { atol: 1e-14 });
    expect(result.explainedX).toBeAllclose([0.5, 0], { atol: 1e-14 });
    // With a little of it on the other side the covariance is negative.
    const mixed = compare(
      x,
      matrix(4, 1, (i) => signal[i]! + 0.5 * noise[i]!),
    );
    expect(mixed.contributionsX).toBeAllclose([1.2, -0.2], { atol: 1e-14 });
  });

  test("the variates have unit variance, are uncorrelated, and correlate as ρ says", () => {
    fc.assert(
      fc.property(wellConditioned, ({ rows, x, y }) => {
        const { directionsX, directionsY, correlations } = compare(x, y);
        const [h, g] = [variatesOf(x, directionsX), variatesOf(y, directionsY)];
        const covariances = (a: Matrix, b: Matrix) =>
          map(times(transposeOf(a), b), (value) => value / (rows - 1)).data;
        const count = correlations.length;
        const diagonal = (of: (i: number) => number) =>
          matrix(count, count, (i, j) => (i === j ? of(i) : 0)).data;
        expect(covariances(h, h)).toBeAllclose(
          diagonal(() => 1),
          { atol: 1e-10 },
        );
        expect(covariances(g, g)).toBeAllclose(
          diagonal(() => 1),
          { atol: 1e-10 },
        );
        expect(covariances(h, g)).toBeAllclose(
          diagonal((i) => correlations[i]!),
          { atol: 1e-10 },
        );
      }),
    );
  });

  test("contributions are coefficient times covariance, and sum to the similarity", () => {
    fc.assert(
      fc.property(wellConditioned, fc.integer({ min: 1, max: 6 }), ({ rows, x, y }, keep) => {
        const result = compare(x, y, keep);
        const { correlations } = result;
        const similarity = sum(correlations) / correlations.length;
        expect(sum(result.contributionsX)).toBeAllclose(similarity, { atol: 1e-11 });
        expect(sum(result.contributionsY)).toBeAllclose(similarity, { atol: 1e-11 });
        const variates = variatesOf(x, result.directionsX);
        const neurons = centredOf(x);
        const byHand = Array.from({ length: x.shape[1] }, (_, j) =>
          sum(
            correlations.map(
              (rho, i) =>
                (rho / correlations.length) *
                entry({ ...result.directionsX }, j, i) *
                (dot(columnOf(neurons, j), columnOf(variates, i)) / (rows - 1)),
            ),
          ),
        );
        expect(result.contributionsX).toBeAllclose(byHand, { atol: 1e-10 });
      }),
    );
  });

  test("without truncation, the explained fraction is that of a regression on the other side", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const { explainedX, explainedY } = compare(x, y);
        for (const [side, other, explained] of [
          [x, y, explainedX],
          [y, x, explainedY],
        ] as const) {
          const neurons = centredOf(side);
          const byHand = Array.from({ length: side.shape[1] }, (_, j) => {
            const neuron = columnOf(neurons, j);
            const part = predicted(neuron, centredOf(other));
            return dot(part, part) / dot(neuron, neuron);
          });
          expect(explained).toBeAllclose(byHand, { atol: 1e-10 });
        }
      }),
    );
  });

  test("with truncation, it is what gets through the kept directions of both sides", () => {
    const random = new Random(1);
    const x = map(gaussian(random, 30, 5), (value, _, j) => value / (j + 1));
    const y = plus(times(x, gaussian(random, 5, 4)), gaussian(random, 30, 4));
    const { explainedX } = compare(x, y, 2);
    const [keptX, keptY] = [x, y].map((side) => {
      const { data, rows, columns } = sideOf(side, 2).basis;
      return { data, shape: [rows, columns] as const };
    });
    const neurons = centredOf(x);
    for (let j = 0; j < 5; j++) {
      const neuron = columnOf(neurons, j);
      const through = predicted(predicted(neuron, keptX!), keptY!);
      expect(explainedX[j]).toBeAllclose(dot(through, through) / dot(neuron, neuron), {
        atol: 1e-12,
      });
    }
  });

  test("are in the units of the activations; shares do not depend on them", () => {
    const random = new Random(2);
    const x = gaussian(random, 20, 3);
    const y = plus(gaussian(random, 20, 4), joined(x, gaussian(random, 20, 1)));
    const plain = compare(x, y);
    for (const scale of [1e-250, 1e-9, 1e9, 1e250]) {
      const scaled = compare(
        map(x, (value) => value * scale + scale),
        y,
      );
      expect(scaled.directionsX.data).toBeAllclose(
        plain.directionsX.data.map((value) => value / scale),
        { rtol: 1e-10 },
      );
      expect(scaled.directionsY.data).toBeAllclose(plain.directionsY.data, { atol: 1e-12 });
      expect(scaled.contributionsX).toBeAllclose(plain.contributionsX, { atol: 1e-12 });
      expect(scaled.explainedX).toBeAllclose(plain.explainedX, { atol: 1e-12 });
    }
  });

  test("the largest coefficient of x is positive, and y goes with x", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const { directionsX, directionsY } = compare(x, y);
        const [, count] = directionsX.shape;
        for (let i = 0; i < count; i++) {
          const column = columnOf(directionsX, i);
          const largest = Math.max(...column.map(Math.abs));
          expect(column.includes(largest)).toBe(true);
        }
        const flipped = compare(
          map(x, (value) => -value),
          y,
        );
        expect(flipped.directionsX.data).toBeAllclose(directionsX.data, { rtol: 1e-7, atol: 1e-9 });
        expect(flipped.directionsY.data).toBeAllclose(
          directionsY.data.map((value) => -value),
          { rtol: 1e-7, atol: 1e-9 },
        );
      }),
      { numRuns: 50 },
    );
  });

  test("shares do not depend on the choice among directions of equal correlation", () => {
    const random = new Random(3);
    const x = gaussian(random, 25, 3);
    // All three correlations are 1.
    const y = times(x, orthonormal(random, 3));
    const a = sideOf(x, 3);
    const b = sideOf(y, 3);
    const { left, right } = linearAlgebra.thinSvd(linearAlgebra.crossProduct(a.basis, b.basis));
    const turn = orthonormal(random, 3);
    const other = { data: turn.data, rows: 3, columns: 3 };
    const [first, second] = [
      { left, right },
      { left: linearAlgebra.product(left, other), right: linearAlgebra.product(right, other) },
    ].map((rotations) =>
      canonicalDirections(
        { ...a.side, rotation: rotations.left },
        { ...b.side, rotation: rotations.right },
        Float64Array.of(1, 1, 1),
        25,
      ),
    );
    for (const field of ["contributionsX", "contributionsY", "explainedX", "explainedY"] as const) {
      expect(second![field], field).toBeAllclose(first![field], { atol: 1e-12 });
      expect(first![field]).toBeAllclose(
        field.startsWith("c") ? [1 / 3, 1 / 3, 1 / 3] : [1, 1, 1],
        {
          atol: 1e-12,
        },
      );
    }
    expect(second!.directionsX.data).not.toBeAllclose(first!.directionsX.data, { atol: 1e-3 });
  });

  test("dead neurons have nothing, and duplicated neurons share", () => {
    const random = new Random(4);
    const x = gaussian(random, 20, 2);
    const y = plus(times(x, gaussian(random, 2, 3)), gaussian(random, 20, 3));
    const plain = compare(x, y);
    const dead = compare(
      joined(
        map(x, () => 0.1),
        x,
      ),
      y,
    );
    expect(Array.from(dead.contributionsX.subarray(0, 2))).toEqual([0, 0]);
    expect(Array.from(dead.explainedX.subarray(0, 2))).toEqual([0, 0]);
    expect(
      Array.from(dead.directionsX.data.subarray(0, 4)).every((value) =>
        Object.is(Math.abs(value), 0),
      ),
    ).toBe(true);
    expect(dead.contributionsX.subarray(2)).toBeAllclose(plain.contributionsX, { atol: 1e-12 });
    const doubled = compare(joined(x, x), y);
    for (const half of [
      doubled.contributionsX.subarray(0, 2),
      doubled.contributionsX.subarray(2),
    ]) {
      expect(half).toBeAllclose(
        plain.contributionsX.map((value) => value / 2),
        { atol: 1e-12 },
      );
    }
    expect(doubled.explainedX.subarray(2)).toBeAllclose(plain.explainedX, { atol: 1e-12 });
  });

  test("there is no NaN for any data, and explained fractions are fractions", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const { directionsX, directionsY, ...shares } = compare(x, y);
        expect(numbersIn([directionsX, directionsY]).some(Number.isNaN)).toBe(false);
        expect(numbersIn(shares).every(Number.isFinite)).toBe(true);
        for (const value of [...shares.explainedX, ...shares.explainedY]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(directionsX.shape).toEqual([x.shape[1], shares.correlations.length]);
      }),
      { numRuns: 300 },
    );
  });
});

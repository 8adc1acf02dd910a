import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SurfaceCell, sameBasin } from "../../src/landscape/index.js";

const cell = (row: number, column: number): SurfaceCell => ({ row, column });

const anySurface = fc
  .record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      values: fc.array(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: columns, maxLength: columns }),
        { minLength: rows, maxLength: rows },
      ),
      from: fc.record({ row: fc.nat(rows - 1), column: fc.nat(columns - 1) }),
      to: fc.record({ row: fc.nat(rows - 1), column: fc.nat(columns - 1) }),
    }),
  );

/** The minimax height by relaxing every edge until nothing changes. */
function minimax(values: readonly number[][], from: SurfaceCell, to: SurfaceCell): number {
  const best = values.map((line) => line.map(() => Number.POSITIVE_INFINITY));
  best[from.row]![from.column] = values[from.row]![from.column]!;
  for (let changed = true; changed; ) {
    changed = false;
    values.forEach((line, r) => {
      line.forEach((value, c) => {
        for (const [dr, dc] of [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b] as const))) {
          const through = Math.max(value, best[r + dr]?.[c + dc] ?? Number.POSITIVE_INFINITY);
          if (through < best[r]![c]!) {
            best[r]![c] = through;
            changed = true;
          }
        }
      });
    });
  }
  return best[to.row]![to.column]!;
}

describe("sameBasin", () => {
  test("a wall with a gap is passed through the gap, by the shortest way", () => {
    const values = [
      [0, 5, 0],
      [0, 5, 0],
      [0, 2, 0],
    ];
    const result = sameBasin(values, cell(0, 0), cell(0, 2), { tolerance: 1 });
    expect(result).toEqual({
      same: false,
      highest: 2,
      path: [cell(0, 0), cell(1, 0), cell(2, 1), cell(1, 2), cell(0, 2)],
    });
    expect(sameBasin(values, cell(0, 0), cell(0, 2), { tolerance: 2 }).same).toBe(true);
    expect(sameBasin(values, cell(0, 0), cell(2, 0), { tolerance: 0 })).toMatchObject({
      same: true,
      highest: 0,
    });
  });

  test("the measure is the higher of the two cells", () => {
    const slope = [[4, 3, 2, 1]];
    expect(sameBasin(slope, cell(0, 0), cell(0, 3), { tolerance: 0 })).toMatchObject({
      same: true,
      highest: 4,
    });
    expect(sameBasin(slope, cell(0, 1), cell(0, 1), { tolerance: 0 })).toEqual({
      same: true,
      highest: 3,
      path: [cell(0, 1)],
    });
  });

  test("the two wells of a double well are two basins, and one is one", () => {
    const ticks = Array.from({ length: 21 }, (_, i) => -2 + i / 5);
    const values = ticks.map((y) => ticks.map((x) => (x * x - 1) ** 2 + y * y));
    const at = (x: number, y: number) => cell(Math.round((y + 2) * 5), Math.round((x + 2) * 5));
    // the saddle of height 1 at the origin is a cell of this grid
    const wells = sameBasin(values, at(-1, 0), at(1, 0), { tolerance: 0.5 });
    expect(wells.same).toBe(false);
    expect(wells.highest).toBeAllclose(1, { atol: 1e-12 });
    expect(sameBasin(values, at(-1.2, 0.4), at(-0.8, -0.4), { tolerance: 0.01 }).same).toBe(true);
  });

  test("the height is the minimax over all paths, and the path has it", () => {
    fc.assert(
      fc.property(anySurface, ({ values, from, to }) => {
        const { highest, path, same } = sameBasin(values, from, to, { tolerance: 0 });
        const heights = path.map(({ row, column }) => values[row]![column]!);
        expect(highest).toBe(minimax(values, from, to));
        expect(highest).toBe(Math.max(...heights));
        expect(same).toBe(highest === Math.max(heights[0]!, heights.at(-1)!));
        expect([path[0], path.at(-1)]).toEqual([from, to]);
        for (const [i, { row, column }] of path.entries()) {
          const before = path[i - 1] ?? path[i]!;
          const steps = [Math.abs(row - before.row), Math.abs(column - before.column)];
          expect(Math.max(...steps)).toBe(i === 0 ? 0 : 1);
        }
        const back = sameBasin(values, to, from, { tolerance: 0 });
        expect([back.highest, back.path.length]).toEqual([highest, path.length]);
      }),
    );
  });

  test("bad input is named in the error", () => {
    const values = [
      [0, 1],
      [1, null],
    ];
    const options = { tolerance: 0 };
    expect(() => sameBasin(values, cell(0, 0), cell(0, 1), options)).toThrow(
      "sameBasin: values[1][1] must be measured, got null",
    );
    expect(() => sameBasin([[0, 1], [1]], cell(0, 0), cell(0, 1), options)).toThrow(/values\[1\]/);
    expect(() => sameBasin([[0, Number.NaN]], cell(0, 0), cell(0, 1), options)).toThrow(RangeError);
    expect(() => sameBasin([[0, 1]], cell(0, 0), cell(0, 2), options)).toThrow(
      "sameBasin: to.column must be an integer >= 0 and <= 1, got 2",
    );
    expect(() => sameBasin([], cell(0, 0), cell(0, 0), options)).toThrow(RangeError);
    expect(() => sameBasin([[0, 1]], cell(0, 0), cell(0, 1), { tolerance: -1 })).toThrow(
      /tolerance/,
    );
    // @ts-expect-error: no tolerance
    expect(() => sameBasin([[0, 1]], cell(0, 0), cell(0, 1), {})).toThrow(TypeError);
    // @ts-expect-error: no cell
    expect(() => sameBasin([[0, 1]], 0, 1, options)).toThrow(/from must be an object/);
  });
});

import { describe, expect, test } from "vitest";
import { overlap, placeLabels } from "../../src/plot/placeLabels.js";

const frame = { left: 0, top: 0, right: 100, bottom: 100 };
const label = (x: number, y: number, required = true) => ({
  x,
  y,
  width: 20,
  height: 10,
  gap: 5,
  required,
});
const box = (left: number, top: number, right: number, bottom: number) => ({
  left,
  top,
  right,
  bottom,
});

describe("placeLabels", () => {
  test("a label with room stands to the right of its point", () => {
    expect(placeLabels([label(50, 50)], frame, [], [])).toEqual([box(55, 45, 75, 55)]);
  });

  test("at the right edge it stands to the left, inside of the frame", () => {
    expect(placeLabels([label(98, 50)], frame, [], [])).toEqual([box(73, 45, 93, 55)]);
  });

  test("it gives way to points, to labels before it and to lines", () => {
    const points = [box(56, 46, 60, 54)];
    const lines = [box(52, 30, 53, 44)];
    const [first, second] = placeLabels([label(50, 50), label(50, 50)], frame, points, lines);
    for (const other of [...points, ...lines, second!]) expect(overlap(first!, other)).toBe(0);
    for (const other of points) expect(overlap(second!, other)).toBe(0);
  });

  test("texts side by side have a space between them", () => {
    const row = { ...frame, bottom: 12 };
    const [first, second] = placeLabels([label(20, 6), label(71, 6)], row, [], []);
    expect(first).toEqual(box(25, 1, 45, 11));
    expect(second!.left).toBeGreaterThan(first!.right + 3);
  });

  test("a label stays near its point though a line crosses it, and goes away from what it would cover", () => {
    const near = (box: { left: number; right: number; top: number; bottom: number }) =>
      Math.hypot(
        Math.max(box.left - 50, 50 - box.right, 0),
        Math.max(box.top - 50, 50 - box.bottom, 0),
      );
    const line = Array.from({ length: 25 }, (_, i) => box(4 * i, 49, 4 * i + 4, 53));
    expect(near(placeLabels([label(50, 50)], frame, [], line)[0]!)).toBeLessThan(6);
    const crowd = [box(25, 33, 75, 67)];
    const [away] = placeLabels([label(50, 50)], frame, crowd, []);
    expect(overlap(away!, crowd[0]!)).toBe(0);
    expect(near(away!)).toBeGreaterThan(10);
  });

  test("where there is no room, a label that is not required is left out, and a required one stands", () => {
    const full = [frame];
    const [required, minor] = placeLabels([label(50, 50), label(50, 50, false)], frame, full, []);
    expect(required).toBeDefined();
    expect(minor).toBeUndefined();
  });

  test("lines alone hinder no label", () => {
    expect(placeLabels([label(50, 50, false)], frame, [], [frame])[0]).toBeDefined();
  });
});

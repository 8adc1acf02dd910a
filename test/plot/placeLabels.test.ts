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
    for (const other of [...points, ...lines]) expect(overlap(second!, other)).toBe(0);
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

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clipText, textWidth, wrapText } from "../../src/plot/text.js";

describe("text", () => {
  test("widths are those of Inter", () => {
    expect(textWidth("i", 100)).toBe(24);
    expect(textWidth("conv1", 10)).toBeCloseTo(27.3, 10);
    expect(textWidth("", 10)).toBe(0);
  });

  test("lines break at spaces", () => {
    expect(wrapText("one two three", textWidth("one two", 10), 10)).toEqual(["one two", "three"]);
    expect(wrapText("one\ntwo", 1000, 10)).toEqual(["one", "two"]);
  });

  test("wrapping loses no character and exceeds the width by no more than one character", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 200 }), (text, width) => {
        const lines = wrapText(text, width, 10);
        expect(lines.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
        for (const line of lines) {
          expect(Array.from(line).length === 1 || textWidth(line, 10) <= width).toBe(true);
        }
      }),
    );
  });

  test("clipping keeps both ends and fits", () => {
    expect(clipText("conv1", 100, 10)).toBe("conv1");
    fc.assert(
      fc.property(fc.string({ minLength: 2 }), fc.integer({ min: 10, max: 90 }), (text, width) => {
        const clipped = clipText(text, width, 10);
        expect(textWidth(clipped, 10)).toBeLessThanOrEqual(width);
        const [head, tail] = clipped === text ? [text, ""] : clipped.split("…");
        expect(text.startsWith(head!) && text.endsWith(tail!)).toBe(true);
      }),
    );
  });
});

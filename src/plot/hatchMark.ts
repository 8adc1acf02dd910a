import type { Markish } from "@observablehq/plot";
import { svgElement } from "./svg.js";

/** A rectangle in the units of the axes. */
interface Cell {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

/** Slanted lines over cells, black with a white rim, so that they are seen on any colour. */
export function hatchMark(cells: readonly Cell[]): Markish {
  if (cells.length === 0) return null;
  return (_index, scales, _values, _dimensions, { document }) => {
    const group = svgElement(document, "g", { "aria-label": "hatching" });
    const pattern = svgElement(document, "pattern", {
      id: "closerlook-hatching",
      width: 8,
      height: 8,
      patternUnits: "userSpaceOnUse",
    });
    // The corners belong to the lines of the neighbouring tiles.
    const d = "M-2,2L2,-2M-2,10L10,-2M6,10L10,6";
    for (const [stroke, width] of [
      ["white", 2.4],
      ["black", 1],
    ] as const) {
      pattern.append(svgElement(document, "path", { d, stroke, "stroke-width": width }));
    }
    group.append(pattern);
    for (const { x1, x2, y1, y2 } of cells) {
      const [left, right] = [Number(scales.x!(x1)), Number(scales.x!(x2))];
      const [bottom, top] = [Number(scales.y!(y1)), Number(scales.y!(y2))];
      const size = { width: right - left, height: bottom - top };
      group.append(
        svgElement(document, "rect", {
          x: left,
          y: top,
          ...size,
          fill: "url(#closerlook-hatching)",
        }),
      );
    }
    return group;
  };
}

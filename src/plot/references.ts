import type { Markish } from "@observablehq/plot";
import { checkNumber, typeError } from "../internal/checks.js";
import { inkColor, svgElement } from "./svg.js";
import { clipText, textWidth } from "./text.js";

/** A vertical line at an event, e.g. the end of the warmup. */
export interface Reference {
  readonly x: number;
  readonly text: string;
}

const fontSize = 11;
const rowHeight = 15;

/** Checks the references; they lie on the axis. */
export function checkReferences(
  references: readonly Reference[],
  [low, high]: [number, number],
): void {
  if (!Array.isArray(references)) {
    throw typeError("lineChart", "references", "an array of { x, text }", references);
  }
  references.forEach((reference, i) => {
    if (typeof reference !== "object" || reference === null) {
      throw typeError("lineChart", `references[${i}]`, "an object { x, text }", reference);
    }
    checkNumber("lineChart", `references[${i}].x`, reference.x, { min: low, max: high });
    if (typeof reference.text !== "string") {
      throw typeError("lineChart", `references[${i}].text`, "a string", reference.text);
    }
  });
}

interface Place {
  /** 0 is next to the frame. */
  readonly row: number;
  /** Left end, from the frame's left side. */
  readonly left: number;
  readonly text: string;
}

/** Rows above the frame such that no two texts overlap; each text stands beside its line. */
function placeReferences(
  references: readonly Reference[],
  toPixels: (x: number) => number,
  frameWidth: number,
): Place[] {
  const starts: number[] = []; // left end of the last text in each row
  const places: Place[] = [];
  // From right to left: the line of a text in a higher row then passes before the texts below it.
  const order = references.map((_, i) => i).sort((a, b) => references[b]!.x - references[a]!.x);
  for (const i of order) {
    const text = clipText(references[i]!.text, frameWidth, fontSize);
    const width = textWidth(text, fontSize);
    const left = Math.max(0, Math.min(toPixels(references[i]!.x) - 2, frameWidth - width));
    let row = starts.findIndex((start) => left + width + 8 <= start);
    if (row < 0) row = starts.length;
    starts[row] = left;
    places[i] = { row, left, text };
  }
  return places;
}

/** Height above a frame of this width that the texts need. */
export function referencesHeight(
  references: readonly Reference[],
  [low, high]: readonly [number, number],
  frameWidth: number,
): number {
  const toPixels = (x: number) => (frameWidth * (x - low)) / (high - low);
  const rows = placeReferences(references, toPixels, frameWidth).map(({ row }) => row + 1);
  return rowHeight * Math.max(0, ...rows);
}

/** Lines through the frame and texts above it. */
export function referenceMark(references: readonly Reference[]): Markish {
  if (references.length === 0) return null;
  return (_index, scales, _values, dimensions, { document }) => {
    const { width, height, marginTop, marginRight, marginBottom, marginLeft } = dimensions;
    const toPixels = (x: number) => Number(scales.x!(x));
    const places = placeReferences(
      references,
      (x) => toPixels(x) - marginLeft,
      width - marginLeft - marginRight,
    );
    const group = svgElement(document, "g", { "aria-label": "references" });
    const baselines = places.map(({ row }) => marginTop - 5 - row * rowHeight);
    references.forEach(({ x }, i) => {
      const d = `M${toPixels(x).toFixed(2)},${height - marginBottom}V${baselines[i]! + 2}`;
      const stroke = { stroke: "#555", "stroke-dasharray": "2 2", fill: "none" };
      group.append(svgElement(document, "path", { d, ...stroke }));
    });
    // A white rim keeps the text legible where a line passes behind it.
    const rim = { stroke: "white", "stroke-width": 3, "paint-order": "stroke" };
    places.forEach(({ left, text }, i) => {
      const at = { x: marginLeft + left, y: baselines[i]!, "text-anchor": "start" };
      group.append(svgElement(document, "text", { ...at, ...rim, fill: inkColor }, text));
    });
    return group;
  };
}

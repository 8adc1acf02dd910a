import type { KeyEntry } from "./panel.js";
import { markerPath } from "./seriesStyle.js";
import { textWidth } from "./text.js";

type Attributes = Readonly<Record<string, string | number>>;

/** A new SVG element; numbers are written with two decimals at most. */
export function svgElement(
  document: Document,
  name: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, typeof value === "number" ? `${Number(value.toFixed(2))}` : value);
  }
  element.append(...children);
  return element;
}

export const keyFontSize = 11;
const sampleWidths = { line: 28, marker: 12, area: 28, cross: 16, hatch: 16, none: 0 };

/** Width of a sample with the gap after it. */
const sampleSpace = (sample: KeyEntry["sample"]): number =>
  sample === "none" ? 0 : sampleWidths[sample] + 6;

/** Width in pixels of a legend entry with its sample. */
export function keyEntryWidth({ sample, text }: KeyEntry): number {
  return sampleSpace(sample) + textWidth(text, keyFontSize);
}

/** A legend entry whose left end is at `x` and whose middle is at height `y`. */
export function drawKeyEntry(
  document: Document,
  entry: KeyEntry,
  x: number,
  y: number,
): SVGElement {
  const { sample, text, color = "black", dash = "none", width: lineWidth = 2 } = entry;
  const { marker = "none" } = entry;
  const group = svgElement(document, "g", { "text-anchor": "start", "font-size": keyFontSize });
  const draw = (name: string, attributes: Attributes) =>
    group.append(svgElement(document, name, attributes));
  const width = sampleWidths[sample];
  const middle = x + width / 2;
  if (sample === "line") {
    draw("path", {
      d: `M${x.toFixed(2)},${y.toFixed(2)}h${width}`,
      fill: "none",
      stroke: color,
      "stroke-width": lineWidth,
      "stroke-dasharray": dash,
    });
  }
  if ((sample === "line" || sample === "marker") && marker !== "none") {
    draw("path", { d: markerPath(marker, middle, y, 3.5), fill: color, stroke: "white" });
  }
  if (sample === "area") {
    draw("rect", {
      x,
      y: y - 6,
      width,
      height: 12,
      fill: color,
      "fill-opacity": 0.25,
    });
  } else if (sample === "cross") {
    const d = `M${(middle - 4).toFixed(2)},${(y - 4).toFixed(2)}l8,8m0,-8l-8,8`;
    draw("rect", { x: middle - 8, y: y - 8, width: 16, height: 16, fill: missingColor });
    draw("path", { d, stroke: crossColor, "stroke-width": 1.5 });
  } else if (sample === "hatch") {
    draw("rect", { x: middle - 8, y: y - 8, width: 16, height: 16, fill: color });
    // Lines like those of the pattern: black with a white rim, seen on any ground.
    const d = `M${(middle - 8).toFixed(2)},${y.toFixed(2)}l8,-8m-8,16l16,-16m0,8l-8,8`;
    draw("path", { d, stroke: "white", "stroke-width": 2.4 });
    draw("path", { d, stroke: "black", "stroke-width": 1 });
  }
  group.append(
    svgElement(
      document,
      "text",
      { x: x + sampleSpace(sample), y, dy: "0.36em", fill: inkColor },
      text,
    ),
  );
  return group;
}

/** Text and lines of axes; softer than black, still far above the contrast that small text needs. */
export const inkColor = "#222";
/** Ground and cross of a cell without a value: a grey that no step of the colour scale shows. */
export const missingColor = "#e4e4e4";
export const crossColor = "#777";

import { type Box, overlap } from "../../src/plot/placeLabels.js";
import { textWidth } from "../../src/plot/text.js";
import { all } from "./svg.js";

/** Boxes of the texts that a map has placed. */
export const labelBoxes = (root: Element): { text: string; box: Box }[] =>
  all(root, '[aria-label="labels"] text').map((element) => {
    const size = Number(element.getAttribute("font-size"));
    const left = Number(element.getAttribute("x"));
    const bottom = Number(element.getAttribute("y")) + size * 0.14;
    const text = element.textContent ?? "";
    return {
      text,
      box: { left, top: bottom - size, right: left + textWidth(text, size), bottom },
    };
  });

/** Names of labels that cover each other or a point. */
export function coveredLabels(root: Element): string[] {
  const labels = labelBoxes(root);
  const points = all(root, '[aria-label="points"] path').map((path) => {
    const numbers = path
      .getAttribute("d")!
      .match(/-?[\d.]+/g)!
      .map(Number);
    const xs = numbers.filter((_, i) => i % 2 === 0);
    const ys = numbers.filter((_, i) => i % 2 === 1);
    return {
      left: Math.min(...xs),
      right: Math.max(...xs),
      top: Math.min(...ys),
      bottom: Math.max(...ys),
    };
  });
  return labels.flatMap(({ text, box }, i) => {
    const others = [...labels.slice(0, i).map((other) => other.box), ...points];
    // Coordinates are rounded to hundredths of a pixel.
    return others.some((other) => overlap(box, other) > 0.3) ? [text] : [];
  });
}

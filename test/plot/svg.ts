import { Resvg } from "@resvg/resvg-js";
import { parseHTML } from "linkedom";

/** A drawn figure as a document to look into; throws unless it is well-formed XML. */
export function parse(svg: string): Element {
  new Resvg(svg, { font: { loadSystemFonts: false } });
  return parseHTML(`<!doctype html><html><body>${svg}</body></html>`).document.querySelector(
    "svg",
  ) as unknown as Element;
}

export const all = (root: Element, selector: string): Element[] =>
  Array.from(root.querySelectorAll(selector));

/** The words of a figure in drawing order, without tooltips. */
export const texts = (root: Element): string[] =>
  all(root, "text").map((element) => element.textContent ?? "");

/** Numbers in all attributes and paths must be numbers. */
export function badAttributes(root: Element): string[] {
  return [root, ...all(root, "*")].flatMap((element) =>
    (Array.from(element.attributes) as Attr[])
      .filter(({ value }) => /NaN|undefined|null|Infinity/.test(value))
      .map(({ name, value }) => `${element.nodeName} ${name}=${value}`),
  );
}

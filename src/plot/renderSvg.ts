import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkText } from "./checks.js";
import type { KeyEntry, Panel } from "./panel.js";
import { drawKeyEntry, inkColor, keyEntryWidth, keyFontSize, svgElement } from "./svg.js";
import { semiboldFactor, textWidth, wrapText } from "./text.js";

/** One or more plots with their headings, legend and caption. */
export interface Figure {
  title?: string;
  subtitle?: string;
  /** Text below the panels: what is shown, on which data, with which settings. */
  caption?: string;
  /** Options of `heatmap`, `heatmaps` or `lineChart`, or any options of Observable Plot. */
  panels: readonly Panel[];
  /** Panels in a row. @defaultValue as many as fit into about 1,100 pixels, in even rows */
  columns?: number;
  /** Draw colour scales with `legend: true` and `key` entries, each once. @defaultValue `true` */
  legend?: boolean;
}

const padding = 16;
const panelGap = 24;
const preferredWidth = 1100;
/** Narrower figures are widened, so that captions and titles are not a column of single words. */
const minContentWidth = 300;

const titleFont = { size: 15, line: 20, weight: 600, color: "#111" };
const subtitleFont = { size: 12, line: 17, weight: 400, color: "#444" };
const panelTitleFont = { size: 12, line: 16, weight: 600, color: "#111" };
const panelSubtitleFont = { size: 11, line: 15, weight: 400, color: "#444" };
const captionFont = { size: 11, line: 16, weight: 400, color: "#333" };
type Font = typeof titleFont;

/**
 * Draws a figure as one SVG document, without a browser.
 *
 * The text is the same on every machine for the same figure, stands alone (no style sheets, scripts
 * or outer files) and has a white ground. Its font is Inter where installed, else the reader's sans-serif;
 * `renderPng` brings Inter along. Headings and captions of a panel are Plot's own `title`, `subtitle`
 * and `caption`, which must be strings.
 *
 * @param figure - Panels with headings, caption and layout.
 * @returns An SVG document with `width`, `height`, `viewBox`, and `title` and `desc` for screen readers.
 * @throws RangeError if there is no panel.
 * @throws TypeError if an argument is of another kind or a property of `figure` is unknown.
 * @example
 * ```ts
 * import { lineChart, renderSvg } from "closerlook/plot";
 * const series = [{ name: "learning rate", x: [0, 1, 2], y: [0, 0.5, 1] }];
 * const panel = lineChart(series, { xLabel: "epoch" });
 * const svg = renderSvg({ title: "Warmup", panels: [panel], caption: "A linear warmup." });
 * svg.startsWith("<svg"); // true
 * svg.includes("<title>Warmup</title>"); // true
 * ```
 */
export function renderSvg(figure: Figure): string {
  checkOptions("renderSvg", figure, [
    "title",
    "subtitle",
    "caption",
    "panels",
    "columns",
    "legend",
  ]);
  const { title, subtitle, caption, panels, legend = true } = figure;
  checkText("renderSvg", "title", title);
  checkText("renderSvg", "subtitle", subtitle);
  checkText("renderSvg", "caption", caption);
  checkBoolean("renderSvg", "legend", legend);
  if (!Array.isArray(panels)) {
    throw typeError("renderSvg", "panels", "an array of plot options", panels);
  }
  if (panels.length === 0) throw rangeError("renderSvg", "panels", "at least one panel", panels);

  const document = parseHTML("<!doctype html><html><body></body></html>").document as Document;
  const drawn = panels.map((panel, i) => drawPanel(document, panel, i));
  const columns = Math.min(
    panels.length,
    figure.columns === undefined
      ? evenColumns(drawn)
      : checkInteger("renderSvg", "columns", figure.columns, { min: 1 }),
  );
  const legendItems = legend ? collectLegend(document, drawn) : [];
  const contentWidth = Math.ceil(
    Math.max(
      minContentWidth,
      gridWidths(drawn, columns).reduce((sum, width) => sum + width + panelGap, -panelGap),
      ...legendItems.map(({ width }) => width),
    ),
  );

  const svg = svgElement(document, "svg", {
    xmlns: "http://www.w3.org/2000/svg",
    role: "img",
    fill: inkColor,
    color: inkColor,
    "font-family": "Inter, Helvetica, Arial, sans-serif",
  });
  const headings = panels.map((panel) => panel.title).filter((text) => text != null);
  svg.append(svgElement(document, "title", {}, title ?? (headings.join("; ") || "Figure")));
  const description = [subtitle, caption].filter(Boolean).join(" ");
  if (description) svg.append(svgElement(document, "desc", {}, description));
  const ground = svgElement(document, "rect", { fill: "white" });
  svg.append(ground);

  let y = padding;
  const write = (text: string | undefined, font: Font, gapBelow: number) => {
    if (text) y += writeText(document, svg, text, padding, y, contentWidth, font) + gapBelow;
  };
  write(title, titleFont, 4);
  write(subtitle, subtitleFont, 4);
  if (legendItems.length > 0) y += placeLegend(svg, legendItems, y + 4, contentWidth) + 18;
  else if (title || subtitle) y += 6;
  y += placePanels(document, svg, drawn, columns, y);
  if (caption) y += 10;
  write(caption, captionFont, 0);

  const width = contentWidth + 2 * padding;
  const height = Math.ceil(y + padding);
  for (const [name, value] of [
    ["width", width],
    ["height", height],
  ] as const) {
    ground.setAttribute(name, `${value}`);
    svg.setAttribute(name, `${value}`);
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return stableText(svg);
}

interface DrawnPanel {
  readonly panel: Panel;
  readonly content: SVGElement;
  readonly color: Plot.Scale | undefined;
  readonly width: number;
  readonly height: number;
  /** Heights of the texts above and below the plot. */
  readonly above: number;
  readonly below: number;
}

/** Draws one plot, its texts aside, as a group. */
function drawPanel(document: Document, panel: Panel, index: number): DrawnPanel {
  const where = `panels[${index}]`;
  if (typeof panel !== "object" || panel === null || Array.isArray(panel)) {
    throw typeError("renderSvg", where, "an object of plot options", panel);
  }
  const { title, subtitle, caption, key: _key, ...options } = panel;
  checkText("renderSvg", `${where}.title`, title ?? undefined);
  checkText("renderSvg", `${where}.subtitle`, subtitle ?? undefined);
  checkText("renderSvg", `${where}.caption`, caption ?? undefined);
  // Plot draws legends and headings as HTML, which has no place in an SVG document.
  const noLegend = (scale: Plot.ScaleOptions | undefined) => scale && { ...scale, legend: false };
  const plot = Plot.plot({
    ...options,
    ...(options.color && { color: noLegend(options.color) }),
    ...(options.opacity && { opacity: noLegend(options.opacity) }),
    ...(options.symbol && { symbol: noLegend(options.symbol) }),
    figure: false,
    document,
  } as Plot.PlotOptions) as SVGSVGElement & Plot.Plot;
  // A nested svg would be sized by Plot's style sheet; a group only takes its place.
  const content = svgElement(document, "g");
  for (const { name, value } of Array.from(plot.attributes)) {
    if (inheritedAttributes.has(name)) content.setAttribute(name, value);
  }
  for (const child of Array.from(plot.childNodes)) {
    if (child.nodeName.toLowerCase() !== "style") content.append(child);
  }
  const width = Number(plot.getAttribute("width"));
  const textHeight = (text: unknown, font: Font) =>
    text ? linesOf(text as string, width, font).length * font.line : 0;
  return {
    panel,
    content,
    color: plot.scale("color"),
    width,
    height: Number(plot.getAttribute("height")),
    above: textHeight(title, panelTitleFont) + textHeight(subtitle, panelSubtitleFont),
    below: textHeight(caption, captionFont),
  };
}

const inheritedAttributes = new Set([
  "fill",
  "font-size",
  "text-anchor",
  "style",
  "aria-label",
  "aria-description",
]);

/** Columns such that no row is much wider than a page and the rows are of even length. */
function evenColumns(drawn: readonly DrawnPanel[]): number {
  const widest = Math.max(...drawn.map(({ width }) => width));
  const fitting = Math.max(1, Math.floor((preferredWidth + panelGap) / (widest + panelGap)));
  const rows = Math.ceil(drawn.length / fitting);
  return Math.ceil(drawn.length / rows);
}

/** Width of each column of panels. */
function gridWidths(drawn: readonly DrawnPanel[], columns: number): number[] {
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...drawn.filter((_panel, i) => i % columns === column).map(({ width }) => width)),
  );
}

/** Appends the panels row by row with their headings; returns the height. */
function placePanels(
  document: Document,
  svg: SVGElement,
  drawn: readonly DrawnPanel[],
  columns: number,
  top: number,
): number {
  const widths = gridWidths(drawn, columns);
  let y = top;
  for (let start = 0; start < drawn.length; start += columns) {
    if (start > 0) y += panelGap;
    const row = drawn.slice(start, start + columns);
    const above = Math.max(...row.map((one) => one.above));
    let x = padding;
    row.forEach(({ panel, content, width, height, above: own }, column) => {
      // Headings end at the plot, so that the plots of a row begin at one height.
      let textTop = y + above - own;
      const write = (text: unknown, font: Font, at: number) =>
        text ? writeText(document, svg, text as string, x, at, width, font) : 0;
      textTop += write(panel.title, panelTitleFont, textTop);
      write(panel.subtitle, panelSubtitleFont, textTop);
      content.setAttribute("transform", `translate(${x},${y + above + 2})`);
      svg.append(content);
      write(panel.caption, captionFont, y + above + 2 + height);
      x += widths[column]! + panelGap;
    });
    y += above + 2 + Math.max(...row.map(({ height, below }) => height + below));
  }
  return y - top;
}

const linesOf = (text: string, width: number, { size, weight }: Font): string[] =>
  wrapText(text, weight > 400 ? width / semiboldFactor : width, size);

/** Appends wrapped text whose top is at `top`; returns its height. */
function writeText(
  document: Document,
  svg: SVGElement,
  text: string,
  x: number,
  top: number,
  width: number,
  font: Font,
): number {
  const lines = linesOf(text, width, font);
  const attributes = { "font-size": font.size, "font-weight": font.weight, fill: font.color };
  lines.forEach((line, i) => {
    const baseline = top + i * font.line + font.size;
    svg.append(svgElement(document, "text", { x, y: baseline, ...attributes }, line));
  });
  return lines.length * font.line;
}

/** A part of the legend, drawn with its left end and middle at the origin. */
interface LegendItem {
  readonly width: number;
  readonly height: number;
  readonly element: SVGElement;
}

/** Colour ramps, then key entries, each once. */
function collectLegend(document: Document, drawn: readonly DrawnPanel[]): LegendItem[] {
  const items = new Map<string, LegendItem>();
  const add = (id: unknown, make: () => LegendItem) => {
    const text = JSON.stringify(id);
    if (!items.has(text)) items.set(text, make());
  };
  const addEntry = (entry: KeyEntry) =>
    add(entry, () => ({
      width: keyEntryWidth(entry),
      height: 16,
      element: drawKeyEntry(document, entry, 0, 0),
    }));
  for (const { panel, color } of drawn) {
    if (!color || !panel.color?.legend) continue;
    const domain = Array.from(color.domain ?? []);
    if (color.type === "threshold") {
      const label = panel.color.label ?? "";
      add([label, domain, color.range], () => drawSteps(document, panel.color!, color, label));
    } else if (typeof domain[0] === "number" && color.type !== "ordinal") {
      const colors = rampColors(color);
      const label = panel.color.label ?? color.label ?? "";
      add([label, domain, colors], () => drawRamp(document, color, label, colors));
    } else if (!panel.key?.length) {
      for (const name of domain) {
        addEntry({ text: `${name}`, sample: "line", color: color.apply(name) });
      }
    }
  }
  for (const { panel } of drawn) panel.key?.forEach(addEntry);
  return [...items.values()];
}

const rampWidth = 180;
const rampHeight = 10;
const rampSteps = 60;

/** The number at a share of the ramp's width. */
function rampValue({ domain, type }: Plot.Scale, share: number): number {
  // A diverging scale has its middle between the ends.
  const numbers = Array.from(domain as Iterable<number>);
  const low = numbers[0]!;
  const high = numbers.at(-1)!;
  return type === "log" ? low * (high / low) ** share : low + (high - low) * share;
}

const rampColors = (scale: Plot.Scale): string[] =>
  Array.from({ length: rampSteps }, (_, i) => scale.apply(rampValue(scale, (i + 0.5) / rampSteps)));

/** Label, bar of colours and numbers below it. */
function drawRamp(
  document: Document,
  scale: Plot.Scale,
  label: string,
  colors: readonly string[],
): LegendItem {
  const group = svgElement(document, "g", { "font-size": keyFontSize, "text-anchor": "start" });
  const bar = svgElement(document, "g", { "shape-rendering": "crispEdges" });
  group.append(bar);
  const left = label === "" ? 8 : textWidth(label, keyFontSize) + 14;
  if (label !== "") group.append(svgElement(document, "text", { x: 0, y: 0, dy: "0.3em" }, label));
  const step = rampWidth / rampSteps;
  colors.forEach((fill, i) => {
    // Each step reaches under the next one: no hairlines between them.
    const width = i === rampSteps - 1 ? step : step * 1.5;
    const at = { x: left + i * step, y: -rampHeight / 2, width, height: rampHeight };
    bar.append(svgElement(document, "rect", { ...at, fill }));
  });
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const texts = shares.map((share) => shortText(rampValue(scale, share)));
  shares.forEach((share, i) => {
    const x = left + share * rampWidth;
    const y = rampHeight / 2;
    group.append(
      svgElement(document, "path", { d: `M${x.toFixed(2)},${y}v3`, stroke: inkColor }),
      svgElement(
        document,
        "text",
        { x, y: y + 13, "font-size": 10, "text-anchor": "middle" },
        texts[i]!,
      ),
    );
  });
  return { width: left + rampWidth + 12, height: 34, element: group };
}

/** Label, the colours of bands side by side and the numbers between them below. */
function drawSteps(
  document: Document,
  { tickFormat }: Plot.ScaleOptions,
  { domain, range }: Plot.Scale,
  label: string,
): LegendItem {
  const levels = Array.from(domain as Iterable<number>);
  const colors = Array.from(range as Iterable<string>);
  const format = typeof tickFormat === "function" ? tickFormat : shortText;
  const texts = levels.map((level, i) => `${format(level, i)}`);
  const numberSize = 10;
  const step = Math.max(24, ...texts.map((text) => textWidth(text, numberSize) + 8));
  const group = svgElement(document, "g", { "font-size": keyFontSize, "text-anchor": "start" });
  const left = label === "" ? 0 : textWidth(label, keyFontSize) + 14;
  if (label !== "") group.append(svgElement(document, "text", { x: 0, y: 0, dy: "0.3em" }, label));
  colors.forEach((fill, i) => {
    const at = { x: left + i * step, y: -rampHeight / 2, width: step, height: rampHeight };
    group.append(svgElement(document, "rect", { ...at, fill }));
  });
  const y = rampHeight / 2;
  texts.forEach((text, i) => {
    const x = left + (i + 1) * step;
    const at = { x, y: y + 13, "font-size": numberSize, "text-anchor": "middle" };
    group.append(
      svgElement(document, "path", { d: `M${x.toFixed(2)},${y}v3`, stroke: inkColor }),
      svgElement(document, "text", at, text),
    );
  });
  return { width: left + colors.length * step + 4, height: 34, element: group };
}

/** A number with three digits at most. */
const shortText = (value: number): string => `${Number(value.toPrecision(3))}`.replace("-", "−");

/** Appends the items in rows no wider than `width`; returns the height. */
function placeLegend(
  svg: SVGElement,
  items: readonly LegendItem[],
  top: number,
  width: number,
): number {
  const rows: { items: LegendItem[]; width: number }[] = [];
  for (const item of items) {
    const row = rows.at(-1);
    if (row && row.width + 20 + item.width <= width) {
      row.items.push(item);
      row.width += 20 + item.width;
    } else {
      rows.push({ items: [item], width: item.width });
    }
  }
  let y = top;
  rows.forEach((row, i) => {
    if (i > 0) y += 4;
    const height = Math.max(...row.items.map((item) => item.height));
    let x = padding;
    for (const item of row.items) {
      // A ramp's bar is above the middle of its height, since its numbers are below the bar.
      item.element.setAttribute("transform", `translate(${Number(x.toFixed(2))},${y + 8})`);
      svg.append(item.element);
      x += item.width + 20;
    }
    y += height;
  });
  return y - top;
}

/** The text, independent of what was drawn before and well-formed whatever the labels hold. */
function stableText(svg: SVGElement): string {
  renameIds(svg, (i) => `figure-${i}`);
  // The fingerprint keeps the ids of two figures in one page apart.
  const hash = fingerprint(svg.outerHTML);
  renameIds(svg, (i) => `figure-${hash}-${i}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these
  return svg.outerHTML.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}

/** Plot numbers its clip paths over the life of the process: gives them names of our own. */
function renameIds(svg: SVGElement, name: (index: number) => string): void {
  const names = new Map<string, string>();
  for (const element of Array.from(svg.querySelectorAll("[id]"))) {
    names.set(element.id, name(names.size));
    element.id = names.get(element.id)!;
  }
  for (const element of Array.from(svg.querySelectorAll("*"))) {
    for (const attribute of Array.from(element.attributes) as Attr[]) {
      const [, before, id, after] = /^(url\(#|#)([^)]+)(\)?)$/.exec(attribute.value) ?? [];
      if (id && names.has(id)) attribute.value = `${before}${names.get(id)}${after ?? ""}`;
      // Outside of Plot's own style sheet its variable has no value.
      else if (attribute.value === "var(--plot-background)") attribute.value = "white";
    }
  }
}

/** FNV-1a. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

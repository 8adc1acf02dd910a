/**
 * Names in files can hold any character, also those that a terminal takes for orders. They are shown by their
 * code points.
 */
export const printable = (text: string): string =>
  text.replaceAll(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** The number of columns that a text takes, if all its characters are of one width. */
export const widthOf = (text: string): number => [...text].length;

export const padded = (text: string, width: number, side: "left" | "right"): string => {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return side === "left" ? text + space : space + text;
};

/** A long name without its middle: names of layers differ at their ends. */
export function clipped(name: string, width: number): string {
  const characters = [...name];
  if (characters.length <= width) return name;
  const tail = Math.ceil(((width - 1) * 2) / 3);
  return `${characters.slice(0, width - 1 - tail).join("")}…${characters.slice(-tail).join("")}`;
}

/** Breaks text at spaces into lines of at most `width`; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A number in four digits, as people read it. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? value.toExponential(3)
      : `${Number(value.toPrecision(size < 1 ? 3 : 4))}`;
  return text.replace("-", "−").replace("e+", "e");
}

/** A p-value, in a form that other programs read too. */
export function probability(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return value !== 0 && value < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** A similarity or a correlation: three decimals, so that columns of them align. */
export function fixed(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return short(value);
  const text = value.toFixed(digits);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/** A fraction in per cent; only the whole is "100 %". */
export function percent(fraction: number): string {
  const rounded = (100 * fraction).toFixed(1);
  if (fraction < 1 && rounded === "100.0") return "> 99.9 %";
  return `${Number(rounded)} %`;
}

export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A number of bytes, as people read it. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`;
}

/** `[10000, 512]` */
export const shapeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

import { textWidth } from "./text.js";

/** The extent of data with a little room; around a single value, room to see it. */
export function paddedDomain(low: number, high: number, log: boolean): [number, number] {
  if (log) {
    const factor = high > low ? (high / low) ** 0.04 : 2;
    return [low / factor, high * factor];
  }
  if (high > low) return [low, high];
  const room = Math.abs(low) / 10 || 1;
  return [low - room, high + room];
}

/** Width of the widest tick label that Plot may write on a numeric axis of about `count` ticks. */
export function axisTextWidth(
  [low, high]: readonly [number, number],
  log: boolean,
  count: number,
  fontSize: number,
): number {
  const texts: string[] = [];
  if (log) {
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      texts.push(formatLogTick(10 ** power), formatLogTick(2 * 10 ** power));
    }
  } else {
    // Plot's steps are 1, 2 or 5 times a power of ten: never finer than this one.
    const power = Math.floor(Math.log10((high - low) / Math.max(1, count)));
    const decimals = Math.max(0, -power);
    for (const end of [low, high]) {
      // Rounding the ends to a step may add a digit.
      const rounded =
        Math.sign(end) * Math.ceil(Math.abs(end) / 10 ** (power + 1)) * 10 ** (power + 1);
      texts.push(
        rounded.toLocaleString("en-US", { minimumFractionDigits: Math.min(20, decimals) }),
      );
    }
  }
  return Math.max(...texts.map((text) => textWidth(text, fontSize)));
}

/** Over two decades or more, ticks at powers of ten alone: Plot's own have nine lines in each. */
export function logTicks(
  [low, high]: readonly [number, number],
  height: number,
): { ticks?: number } {
  const decades = Math.floor(Math.log10(high / low));
  return decades < 2 ? {} : { ticks: Math.min(decades, Math.max(2, Math.floor(height / 25))) };
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 0.001 … 1000 in full, other numbers as 2×10⁻⁴. */
export function formatLogTick(value: number): string {
  const [digits, power] = value.toExponential(5).split("e");
  const exponent = Number(power);
  if (exponent >= -3 && exponent <= 3) return `${Number(value.toPrecision(6))}`;
  const mantissa = Number(digits);
  const raised = Array.from(`${Math.abs(exponent)}`, (digit) => superscripts[Number(digit)]).join(
    "",
  );
  const ten = `10${exponent < 0 ? "⁻" : ""}${raised}`;
  return mantissa === 1 ? ten : `${mantissa}×${ten}`;
}

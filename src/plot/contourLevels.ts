import { checkInteger, checkNumber, rangeError, typeError } from "../internal/checks.js";
import { paddedDomain } from "./numberAxis.js";

/** How the levels of a contour chart are spaced. */
export type ContourScale = "log" | "linear" | "logExcess";

/** Losses below it are drawn as it: the logarithm of a loss of 0 is no number. */
export const leastLoss = 1e-12;

/** Levels from the least to the greatest: between two of them lies one colour. */
export function spacedLevels(
  scale: ContourScale,
  lowest: number,
  highest: number,
  bands: number,
  firstExcess: number,
): number[] {
  const [low, high] =
    highest > lowest ? [lowest, highest] : paddedDomain(lowest, lowest, scale === "log");
  const inner = Array.from({ length: bands - 1 }, (_, i) => {
    const share = (i + 1) / bands;
    if (scale === "linear") return low + (high - low) * share;
    if (scale === "log") return low * (high / low) ** share;
    // Garipov et al. have their first level above the minimum, and N equal steps of the logarithm from there.
    const first = Math.min(firstExcess, (high - low) / 2);
    return low + first * ((high - low) / first) ** (i / (bands - 1));
  });
  return [low, ...inner, high];
}

/** A number of bands, or the levels themselves in ascending order. */
export function checkLevels(levels: unknown, log: boolean): number | readonly number[] {
  if (typeof levels === "number") {
    return checkInteger("contours", "levels", levels, { min: 2, max: 100 });
  }
  if (!Array.isArray(levels)) {
    throw typeError("contours", "levels", "a number of bands or an array of levels", levels);
  }
  if (levels.length < 3) {
    throw rangeError("contours", "levels", "at least three levels", levels);
  }
  levels.forEach((level, i) => {
    const above = i > 0 ? { above: levels[i - 1] } : log ? { above: 0 } : {};
    checkNumber("contours", `levels[${i}]`, level, above);
  });
  return levels;
}

/** Texts of levels, with `digits` digits or as many as it takes to tell neighbours apart. */
export function levelTexts(levels: readonly number[], digits: number): string[] {
  const texts = levels.map((level) => `${Number(level.toPrecision(digits))}`.replaceAll("-", "−"));
  return digits >= 17 || new Set(texts).size === texts.length
    ? texts
    : levelTexts(levels, digits + 1);
}

/** The least or greatest of values, of which there is at least one. */
export const extreme = (
  values: readonly number[],
  choose: (a: number, b: number) => number,
): number => values.reduce((best, value) => choose(best, value));

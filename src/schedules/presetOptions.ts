import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  type NumberRange,
} from "../internal/checks.js";
import { checkBoundaries } from "./boundaries.js";

/** Checks an option of a preset; one that was left out has its default, if there is any. */
type Read<T> = (where: string, option: string, value: unknown) => T;

/** A finite number. */
export const number =
  (range: NumberRange = {}, fallback?: number): Read<number> =>
  (where, option, value = fallback) =>
    checkNumber(where, option, value, range);

/** A whole number. */
export const integer =
  (range: NumberRange, fallback?: number): Read<number> =>
  (where, option, value = fallback) =>
    checkInteger(where, option, value, range);

/** A list of whole numbers, which increase. */
export const integers =
  (range: NumberRange): Read<readonly number[]> =>
  (where, option, value) =>
    checkBoundaries(where, option, value, range);

/** `true` or `false`. */
export const flag =
  (fallback: boolean): Read<boolean> =>
  (where, option, value = fallback) =>
    checkBoolean(where, option, value);

/** What a factor of a decay may be. */
export const factorRange: NumberRange = { above: 0, max: 1 };

/** The options of a preset under the names of its library, checked and with its library's defaults. */
export function readOptions<T extends Record<string, Read<unknown>>>(
  where: string,
  options: unknown,
  readers: T,
): { [K in keyof T]: ReturnType<T[K]> } {
  checkOptions(where, options, Object.keys(readers));
  const given = options as Record<string, unknown>;
  const entries = Object.entries(readers).map(([name, read]) => [
    name,
    read(where, name, given[name]),
  ]);
  return Object.fromEntries(entries);
}

import type { StopSignal } from "./stopSignal.js";

/**
 * The argument checks that every public function uses, so that all errors read alike:
 * `function: argument must be …, got …`.
 */

/** Short text of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    const head = value.slice(0, 4).map(show).join(", ");
    return value.length > 4 ? `[${head}, … ${value.length} items]` : `[${head}]`;
  }
  const name = value.constructor?.name ?? "object";
  if (ArrayBuffer.isView(value)) return `${name} of ${value.byteLength} bytes`;
  return name === "Object" ? `{ ${Object.keys(value).slice(0, 6).join(", ")} }` : name;
}

/** `must` completes the sentence "argument must be …"; `hint` says what to do about it. */
export function rangeError(where: string, argument: string, must: string, got: unknown, hint = "") {
  return new RangeError(message(where, argument, must, show(got), hint));
}

export function typeError(where: string, argument: string, must: string, got: unknown, hint = "") {
  return new TypeError(message(where, argument, must, show(got), hint));
}

function message(where: string, argument: string, must: string, got: string, hint: string) {
  return `${where}: ${argument} must be ${must}, got ${got}${hint ? `. ${hint}` : ""}`;
}

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Exclusive bounds. */
  readonly above?: number;
  readonly below?: number;
}

const rangeText = ({ min, max, above, below }: NumberRange): string =>
  [
    min !== undefined && `>= ${min}`,
    above !== undefined && `> ${above}`,
    max !== undefined && `<= ${max}`,
    below !== undefined && `< ${below}`,
  ]
    .filter((part) => part !== false)
    .join(" and ");

const inside = (value: number, { min, max, above, below }: NumberRange): boolean =>
  !(min !== undefined && value < min) &&
  !(max !== undefined && value > max) &&
  !(above !== undefined && value <= above) &&
  !(below !== undefined && value >= below);

/** A finite number in `range`; `TypeError` for another kind of value, `RangeError` for another number. */
export function checkNumber(
  where: string,
  argument: string,
  value: unknown,
  range: NumberRange = {},
): number {
  const must = `a finite number ${rangeText(range)}`.trimEnd();
  if (typeof value !== "number") throw typeError(where, argument, must, value);
  if (!Number.isFinite(value) || !inside(value, range)) {
    throw rangeError(where, argument, must, value);
  }
  return value;
}

/** A whole number in `range`, small enough to be exact. */
export function checkInteger(
  where: string,
  argument: string,
  value: unknown,
  range: NumberRange = {},
): number {
  const must = `an integer ${rangeText(range)}`.trimEnd();
  if (typeof value !== "number") throw typeError(where, argument, must, value);
  if (!Number.isSafeInteger(value) || !inside(value, range)) {
    throw rangeError(where, argument, must, value);
  }
  return value;
}

/** One of a fixed list of strings. */
export function checkOneOf<T extends string>(
  where: string,
  argument: string,
  value: unknown,
  allowed: readonly T[],
): T {
  if (!allowed.includes(value as T)) {
    const must = `one of ${allowed.map((item) => JSON.stringify(item)).join(", ")}`;
    throw typeof value === "string"
      ? rangeError(where, argument, must, value)
      : typeError(where, argument, must, value);
  }
  return value as T;
}

/** `true` or `false`; nothing is taken for one of them. */
export function checkBoolean(where: string, argument: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw typeError(where, argument, "true or false", value);
  return value;
}

/** A function. */
export function checkFunction<T>(where: string, argument: string, value: T, must: string): T {
  if (typeof value !== "function") throw typeError(where, argument, must, value);
  return value;
}

/** A signal that may stop a long computation, if there is one. */
export function checkSignal(where: string, signal: unknown): void {
  if (signal === undefined) return;
  if (typeof (signal as StopSignal | null)?.aborted === "boolean") return;
  throw typeError(where, "signal", "an AbortSignal", signal);
}

/** A misspelt option is an error, not a silently ignored wish. */
export function checkOptions(where: string, options: unknown, allowed: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw typeError(where, "options", "an object", options);
  }
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) {
      throw typeError(where, "options", `made of ${allowed.join(", ")}`, key);
    }
  }
}

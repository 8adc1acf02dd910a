import { typeError } from "../internal/checks.js";

/** Text, or nothing. */
export function checkText(where: string, argument: string, value: unknown): void {
  if (value !== undefined && typeof value !== "string") {
    throw typeError(where, argument, "a string", value);
  }
}

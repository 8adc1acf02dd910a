import { typeError } from "../internal/checks.js";

/** An `AbortSignal`, or nothing. */
export function checkSignal(where: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal?.aborted === "boolean") return;
  throw typeError(where, "signal", "an AbortSignal", signal);
}

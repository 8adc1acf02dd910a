import * as Plot from "@observablehq/plot";
import { rangeError, typeError } from "../internal/checks.js";

/** Asks Plot, which knows its schemes: a bad name would otherwise be found out at drawing only. */
export function checkScheme(where: string, scheme: Plot.ColorScheme): void {
  try {
    Plot.scale({ color: { type: "linear", scheme, domain: [0, 1] } });
  } catch {
    const must = 'a continuous colour scheme of Plot, such as "viridis", "cividis" or "greys"';
    throw typeof scheme === "string"
      ? rangeError(where, "scheme", must, scheme)
      : typeError(where, "scheme", must, scheme);
  }
}

/** Colours at even steps from one share of a scheme to another. */
export function sampleScheme(scheme: Plot.ColorScheme, count: number, from = 0, to = 1): string[] {
  const color = Plot.scale({ color: { type: "linear", scheme, domain: [0, 1] } });
  return Array.from({ length: count }, (_, i) =>
    color.apply(count === 1 ? to : from + ((to - from) * i) / (count - 1)),
  );
}

import type { GridMeasure } from "./gridOptions.js";

interface Scale {
  /** Values of the darkest and the lightest colour. */
  readonly domain: readonly [number, number];
  /** What the numbers are where they are no similarities. */
  readonly distances?: string;
}

/** How the numbers of a measure are read. */
export function scaleOf(measure: GridMeasure): Scale {
  switch (measure) {
    case "procrustes":
      return { domain: [0, 2], distances: "normalized squared Procrustes distances, 0 to 2" };
    case "shape-distance":
      return { domain: [0, Math.PI / 2], distances: "angles between shapes in radians, 0 to π/2" };
    default:
      return { domain: [0, 1] };
  }
}

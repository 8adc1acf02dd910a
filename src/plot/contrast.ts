/** Black or white, whichever stands out more on a ground of this colour (`#rrggbb` or `rgb(…)`). */
export function contrastingText(ground: string): "black" | "white" {
  // Black and white have equal contrast, √(1.05 · 0.05) − 0.05, at this luminance (WCAG 2.2).
  return luminance(ground) > 0.179 ? "black" : "white";
}

/** Relative luminance of WCAG 2.2, in [0, 1]. */
function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** Red, green and blue, 0 … 255. */
function channels(color: string): number[] {
  if (color.startsWith("#"))
    return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return color
    .match(/[\d.]+/g)!
    .slice(0, 3)
    .map(Number);
}

/** Viridis, from the darkest to the lightest colour: its lightness grows steadily, and colour-blind readers can tell it. */
const ramp: readonly (readonly [red: number, green: number, blue: number])[] = [
  [68, 1, 84],
  [70, 50, 126],
  [54, 92, 141],
  [39, 127, 142],
  [31, 161, 135],
  [74, 193, 109],
  [160, 218, 57],
  [253, 231, 37],
];

/** Puts text on a ground whose colour stands for `fraction`, in [0, 1], as far as the terminal has colours. */
export function onColor(text: string, fraction: number, depth: number): string {
  if (depth < 8) return text;
  const color = colorAt(Math.min(1, Math.max(0, fraction)));
  const [red, green, blue] = color;
  const light = 0.299 * red + 0.587 * green + 0.114 * blue > 128;
  const ground = depth < 24 ? `48;5;${inCube(color)}` : `48;2;${color.join(";")}`;
  return `\x1b[${ground};38;5;${light ? 16 : 231}m${text}\x1b[0m`;
}

function colorAt(fraction: number): [number, number, number] {
  const place = fraction * (ramp.length - 1);
  const below = Math.min(Math.floor(place), ramp.length - 2);
  const rest = place - below;
  return [0, 1, 2].map((i) =>
    Math.round(ramp[below]![i]! * (1 - rest) + ramp[below + 1]![i]! * rest),
  ) as [number, number, number];
}

/** Nearest colour of the 6 × 6 × 6 cube that terminals of 256 colours have. */
function inCube(color: readonly number[]): number {
  const level = (value: number) =>
    value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40);
  const [red, green, blue] = color.map(level) as [number, number, number];
  return 16 + 36 * red + 6 * green + blue;
}

import type { Arguments } from "./arguments.js";
import type { StoredArray } from "./contents.js";
import { channelsFirst } from "./options.js";
import { shapeText } from "./text.js";

/** Maps are as high as wide, as a rule: equal sizes at the end, and another before them, are those of PyTorch. */
function looksChannelsFirst(shape: readonly number[]): boolean {
  const [, second, third, fourth] = shape;
  return shape.length === 4 && third === fourth && second !== third;
}

/** Warns of maps that would be read in a wrong order, which gives a plausible number; one warning at most. */
export function channelsWarning(
  args: Arguments,
  arrays: readonly Pick<StoredArray, "name" | "shape">[],
): string[] {
  if (args.has(channelsFirst)) return [];
  const [first, ...others] = arrays.filter(({ shape }) => looksChannelsFirst(shape));
  if (first === undefined) return [];
  const [, height, width, channels] = first.shape;
  const more = others.length > 0 ? `, and ${others.length} more like it` : "";
  return [
    `${first.name} is ${shapeText(first.shape)}, read as height ${height}, width ${width}, ${channels} channels${more}. ` +
      "If it is [examples, channels, height, width], as PyTorch saves it, pass --channels-first.",
  ];
}

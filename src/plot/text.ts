/**
 * Widths of text without a browser, for margins, line breaks and legends.
 *
 * Advance widths of Inter Regular, U+0020 … U+007E, in hundredths of the font size.
 */
const asciiWidths = (
  "28 29 47 63 64 98 64 30 36 36 50 66 29 46 29 36 63 41 61 62 65 59 62 57 62 62 29 30 66 66 66 51 " +
  "97 69 65 73 72 60 59 75 74 27 57 67 57 90 75 76 64 76 64 64 65 74 69 99 68 68 63 36 36 36 47 46 " +
  "32 56 61 57 61 58 37 61 59 24 24 55 24 88 59 60 61 61 38 53 33 59 56 82 55 56 55 43 33 43 66"
)
  .split(" ")
  .map(Number);

/** The semibold cut is a little wider than the regular one. */
export const semiboldFactor = 1.05;

const firstWideCharacter = 0x2e80; // Chinese, Japanese, Korean and pictographs fill a square.

/** Width in pixels of one line of text. */
export function textWidth(text: string, fontSize: number): number {
  let hundredths = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    hundredths += asciiWidths[code - 32] ?? (code >= firstWideCharacter ? 100 : 70);
  }
  return (hundredths / 100) * fontSize;
}

/** Breaks text at spaces into lines of at most `width` pixels; a longer word is broken inside. */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/\s+/)) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (textWidth(longer, fontSize) <= width) {
        line = longer;
        continue;
      }
      if (line !== "") lines.push(line);
      const pieces = breakWord(word, width, fontSize);
      line = pieces.pop()!;
      lines.push(...pieces);
    }
    lines.push(line);
  }
  return lines;
}

/** Pieces of a word that fit into `width`, at least one character each. */
function breakWord(word: string, width: number, fontSize: number): string[] {
  const pieces = [""];
  for (const character of word) {
    const piece = pieces.at(-1)! + character;
    if (piece.length > 1 && textWidth(piece, fontSize) > width) pieces.push(character);
    else pieces[pieces.length - 1] = piece;
  }
  return pieces;
}

/** Shortens text to `width` by an ellipsis in the middle: layer names differ at either end. */
export function clipText(text: string, width: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const characters = Array.from(text);
  for (let kept = characters.length - 1; kept > 1; kept--) {
    const head = characters.slice(0, Math.ceil(kept / 2)).join("");
    const tail = characters.slice(characters.length - Math.floor(kept / 2)).join("");
    const clipped = `${head}…${tail}`;
    if (textWidth(clipped, fontSize) <= width) return clipped;
  }
  return "…";
}

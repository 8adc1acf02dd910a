/**
 * First key that comes twice in one object of a JSON text, which `JSON.parse` would drop in silence.
 *
 * @param json - A text that `JSON.parse` accepts.
 */
export function repeatedKey(json: string): string | undefined {
  /** Keys of the objects that are open; arrays have an entry too, which stays empty. */
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      const end = i + 1;
      while (isBlank(json[i + 1])) i++;
      if (json[i + 1] !== ":") continue;
      // Parsed, since one key can be spelt in several ways.
      const key: string = JSON.parse(json.slice(start, end));
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}

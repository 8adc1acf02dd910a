import { show } from "../internal/checks.js";
import type { Fail } from "./arrayFileError.js";

/** What a `.npy` header is made of. Tuples and lists both become arrays. */
export type PythonValue = string | number | boolean | readonly PythonValue[];

interface Token {
  /** Position in the text. */
  readonly at: number;
  /** One of `{}()[],:`, or "end", or "value". */
  readonly kind: string;
  readonly value?: string | number | boolean;
}

const names: Readonly<Record<string, string>> = { value: "a value", end: "its end" };

/** Deep enough for any header; bounds the recursion on a hostile one. */
const maxDepth = 8;

/**
 * Reads the text of a Python dict of strings, numbers, truth values, tuples and lists, and nothing else.
 * Never evaluates anything.
 */
export function parsePythonDict(text: string, fail: Fail): Record<string, PythonValue> {
  const unexpected = (must: string, { at, kind }: Token) =>
    fail("header", must, kind === "end" ? names.end! : show(text.slice(at, at + 20)));

  const tokens = tokenize(text);
  let position = 0;
  // The last token is "end" or "unknown", which every caller refuses, so there always is a next one.
  const peek = () => tokens[position]!;

  function take(kind: string): Token {
    const token = peek();
    if (token.kind !== kind)
      throw unexpected(`a Python dict, with ${names[kind] ?? show(kind)} here`, token);
    position++;
    return token;
  }

  /** Items between marks, separated by commas; a comma after the last is allowed. */
  function takeItems(open: string, close: string, takeItem: () => void): void {
    take(open);
    while (peek().kind !== close) {
      takeItem();
      if (peek().kind !== close) take(",");
    }
    take(close);
  }

  function takeValue(depth: number): PythonValue {
    const { kind } = peek();
    if ((kind !== "(" && kind !== "[") || depth === maxDepth) return take("value").value!;
    const items: PythonValue[] = [];
    takeItems(kind, kind === "(" ? ")" : "]", () => items.push(takeValue(depth + 1)));
    return items;
  }

  // Without a prototype no key of the file can mean anything.
  const dict: Record<string, PythonValue> = Object.create(null);
  takeItems("{", "}", () => {
    const key = take("value").value!;
    if (typeof key !== "string") throw fail("header", "a dict with strings as keys", show(key));
    if (key in dict) throw fail("header", "a dict without repeated keys", show(key));
    take(":");
    dict[key] = takeValue(0);
  });
  take("end");
  return dict;
}

// A mark, a plain string, a word, or a whole number (Python 2 wrote 3L for 3).
const pattern = /\s*(?:([{}()[\],:])|'([^'\\]*)'|"([^"\\]*)"|(True|False)\b|([-+]?\d+)L?|($))/y;

/** The tokens up to the end, or up to the first thing that is none. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) return [...tokens, { at, kind: "unknown" }];
    const [, mark, single, double, word, number, end] = match;
    if (end !== undefined) return [...tokens, { at, kind: "end" }];
    if (mark !== undefined) tokens.push({ at, kind: mark });
    else if (word !== undefined) tokens.push({ at, kind: "value", value: word === "True" });
    else if (number !== undefined) tokens.push({ at, kind: "value", value: Number(number) });
    else tokens.push({ at, kind: "value", value: (single ?? double)! });
  }
}

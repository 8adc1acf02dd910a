import { readFileSync } from "node:fs";

const FOLDER = new URL("../golden/similarity/", import.meta.url);

export interface Expected {
  readonly quantity: string;
  // biome-ignore lint/suspicious/noExplicitAny: numbers, arrays of any depth, or a peer's record
  readonly value: any;
  readonly source: string;
  readonly kind: "must" | "quirk" | "bug";
  readonly tolAbs: number;
}

export interface GoldenArray {
  readonly data: Float64Array;
  readonly shape: number[];
}

export interface GoldenCase {
  readonly id: string;
  readonly inputs: Readonly<Record<string, { readonly file: string }>>;
  readonly expected: readonly Expected[];
}

export const goldenCases: readonly GoldenCase[] = JSON.parse(
  readFileSync(new URL("expected.json", FOLDER), "utf8"),
).cases;

/**
 * The inputs of a case. A reader of its own for the one layout that these files have, so that the similarity tests do
 * not stand on the code under test in `formats`.
 */
export function inputsOf({ inputs }: GoldenCase): Record<string, GoldenArray> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { file }]) => [name, readPlainNpy(file)]),
  );
}

function readPlainNpy(file: string): GoldenArray {
  const bytes = readFileSync(new URL(file, FOLDER));
  const headerLength = bytes.readUInt16LE(8);
  const header = bytes.subarray(10, 10 + headerLength).toString("latin1");
  const type = /'descr': '<(f[48])'/.exec(header)?.[1];
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  if (!type || !header.includes("'fortran_order': False")) throw new Error(`${file}: ${header}`);
  const body = bytes.subarray(10 + headerLength);
  const buffer = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength);
  const data = Float64Array.from(
    type === "f4" ? new Float32Array(buffer) : new Float64Array(buffer),
  );
  return { data, shape };
}

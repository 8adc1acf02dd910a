import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArrayFileError } from "../../src/formats/index.js";
import { anyArray, bitsOf, dtypesOf, encode, formats, readBytes } from "./arrays.js";

const anyMutation = fc.oneof(
  fc.record({
    kind: fc.constant("flip" as const),
    at: fc.nat(),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), value: fc.nat({ max: 255 }) }),
  fc.record({
    kind: fc.constant("remove" as const),
    at: fc.nat(),
    value: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.constant(0) }),
);

type Mutation = typeof anyMutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Uint8Array, { kind, at, value }: Mutation): Uint8Array {
  const position = bytes.length === 0 ? 0 : at % bytes.length;
  if (kind === "cut") return bytes.slice(0, position);
  const list = [...bytes];
  if (kind === "flip") list[position] = (list[position] ?? 0) ^ value;
  else if (kind === "insert") list.splice(position, 0, value);
  else list.splice(position, value);
  return Uint8Array.from(list);
}

describe.each(formats)("a damaged %s", (format) => {
  const arrays = fc.tuple(anyArray(dtypesOf(format)), anyArray(dtypesOf(format)));

  test("gives arrays that fit their shapes, or an ArrayFileError, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        arrays,
        fc.array(anyMutation, { minLength: 1, maxLength: 3 }),
        async ([a, b], mutations) => {
          const original = await encode(format, [
            ["file", a],
            ["b", b],
          ]);
          const read = await readBytes(mutations.reduce(mutate, original)).catch((error) => error);
          if (read instanceof Error) {
            expect(read).toBeInstanceOf(ArrayFileError);
            // An allocation that failed would mean that sizes were not checked first.
            expect(read.cause).not.toBeInstanceOf(RangeError);
            return;
          }
          for (const { data, shape } of read.values()) {
            expect(data.length).toBe(
              shape.reduce((product: number, size: number) => product * size, 1),
            );
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("is never silently cut short", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, fc.nat(), async ([a, b], at) => {
        const original = await encode(format, [
          ["file", a],
          ["b", b],
        ]);
        const cut = original.slice(0, at % original.length);
        await expect(readBytes(cut)).rejects.toBeInstanceOf(ArrayFileError);
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(["stored .npz", "deflated .npz"] as const)("a damaged %s", (format) => {
  test("gives the same arrays or an error, since its contents have a checksum", async () => {
    await fc.assert(
      fc.asyncProperty(anyArray(dtypesOf(format)), anyMutation, async (array, mutation) => {
        const original = await encode(format, [["file", array]]);
        const read = await readBytes(mutate(original, mutation)).catch((error) => error);
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(ArrayFileError);
          return;
        }
        expect([...read.keys()]).toEqual(["file"]);
        expect(read.get("file").shape).toEqual(array.shape);
        expect(bitsOf(read.get("file"))).toBe(bitsOf(array));
      }),
      { numRuns: 1000 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyArray, bitsOf, dtypesOf, encode, formats, readBytes } from "./arrays.js";

const anyLayout = fc.record({ bigEndian: fc.boolean(), fortranOrder: fc.boolean() });

describe.each(formats)("%s", (format) => {
  test.each(dtypesOf(format))("%s arrays come back bit for bit", async (dtype) => {
    await fc.assert(
      fc.asyncProperty(anyArray([dtype]), anyLayout, async (array, layout) => {
        const bytes = await encode(format, [["file", array]], layout);
        const read = (await readBytes(bytes)).get("file")!;
        expect(read.dtype).toBe(dtype);
        expect(read.shape).toEqual(array.shape);
        expect(read.data.constructor).toBe(array.data.constructor);
        expect(bitsOf(read)).toBe(bitsOf(array));
        expect(read.data.buffer.byteLength).toBe(read.data.byteLength);
      }),
    );
  });

  test("encoding does not change the array", async () => {
    await fc.assert(
      fc.asyncProperty(anyArray(dtypesOf(format)), anyLayout, async (array, layout) => {
        const before = bitsOf(array);
        await encode(format, [["a", array]], layout);
        expect(bitsOf(array)).toBe(before);
      }),
    );
  });
});

describe.each(formats.filter((format) => format !== ".npy"))("%s", (format) => {
  test("several arrays come back under their names, in order", async () => {
    const anyName = fc.string({ unit: "grapheme", maxLength: 8 }).filter((s) => !s.includes("\0"));
    const anyArrays = fc.uniqueArray(fc.tuple(anyName, anyArray(dtypesOf(format))), {
      selector: ([name]) => name,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(anyArrays, async (arrays) => {
        const read = await readBytes(await encode(format, arrays));
        const whole = (name: string) => String(Number(name) >>> 0) === name;
        // JSON.parse puts names that are whole numbers first.
        const names = arrays.map(([name]) => name);
        if (names.some(whole)) expect(new Set(read.keys())).toEqual(new Set(names));
        else expect([...read.keys()]).toEqual(names);
        for (const [name, array] of arrays) expect(bitsOf(read.get(name)!)).toBe(bitsOf(array));
      }),
    );
  });
});

test("Fortran order puts the first index fastest, and big-endian the high byte first", async () => {
  const array = { data: Int16Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], dtype: "int16" } as const;
  const bytes = await encode(".npy", [["a", array]], { bigEndian: true, fortranOrder: true });
  expect([...bytes.subarray(-12)]).toEqual([0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]);
});

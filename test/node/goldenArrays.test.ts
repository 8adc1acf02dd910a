import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ArrayFileError, readArray, readArrays, readMetadata } from "../../src/node/index.js";

interface Expected {
  dtype: string;
  shape: number[];
  /** As text, so that NaN, infinities and 64-bit integers survive JSON. */
  values: string[];
}

const folder = new URL("../golden/arrays/", import.meta.url);
const { files }: { files: Record<string, Record<string, Expected>> } = JSON.parse(
  readFileSync(new URL("expected.json", folder), "utf8"),
);

const containers: Record<string, string> = {
  bool: "Uint8Array",
  float16: "Float32Array",
  bfloat16: "Float32Array",
  int64: "BigInt64Array",
  uint64: "BigUint64Array",
};

describe("files written by numpy, zipfile and safetensors", () => {
  test("the table of expected values covers every file of the folder", () => {
    const present = readdirSync(folder).filter((name) => /\.(npy|npz|safetensors)$/.test(name));
    expect(Object.keys(files).sort()).toEqual(present.sort());
    expect(present.length).toBe(59);
  });

  test.each(Object.entries(files))(
    "%s has the values that its writer put in",
    async (file, all) => {
      const arrays = await readArrays(new URL(file, folder));
      expect(Object.keys(arrays).sort()).toEqual(Object.keys(all).sort());
      for (const [name, { dtype, shape, values }] of Object.entries(all)) {
        const array = arrays[name]!;
        expect(array.dtype).toBe(dtype);
        expect(array.shape).toEqual(shape);
        expect(array.data.constructor.name).toMatch(
          new RegExp(`^${containers[dtype] ?? `${dtype}Array`}$`, "i"),
        );
        const expected = values.map((text) =>
          dtype.endsWith("int64") ? BigInt(text) : Number(text),
        );
        expect(array.data.length).toBe(expected.length);
        // Object.is tells -0 from 0 and knows NaN.
        const wrong = expected.findIndex((value, i) => !Object.is(value, array.data[i]));
        expect(wrong, `${name}[${wrong}]: got ${array.data[wrong]}, want ${expected[wrong]}`).toBe(
          -1,
        );
      }
    },
  );

  test("the names of members cannot reach the prototype of objects", async () => {
    const arrays = await readArrays(new URL("stored.npz", folder));
    expect(Object.getPrototypeOf(arrays)).toBeNull();
    expect(Object.hasOwn(arrays, "__proto__")).toBe(true);
    expect(Object.getPrototypeOf({}).dtype).toBeUndefined();
    const array = await readArray(new URL("all.safetensors", folder), "__proto__");
    expect([...array.data]).toEqual([1, 2]);
  });

  test("safetensors metadata are read, whatever their keys", async () => {
    const metadata = await readMetadata(new URL("all.safetensors", folder));
    expect(Object.entries(metadata).sort()).toEqual([
      ["__proto__", "safe"],
      ["epoch", "12"],
    ]);
    expect(Object.keys(await readMetadata(new URL("bfloat16.safetensors", folder)))).toEqual([]);
    await expect(readMetadata(new URL("vector.npy", folder))).rejects.toThrow(
      /^readMetadata: .*vector\.npy: format must be \.safetensors/,
    );
  });

  test.each([
    ["object.npy", "descr", /pickle.*allow_pickle=False/],
    ["complex.npy", "descr", /Complex numbers.*array\.real/],
    ["string.npy", "descr", /Strings are not supported/],
    ["bytes.npy", "descr", /Strings are not supported/],
    ["structured.npy", "descr", /structured type.*each field/],
    ["date.npy", "descr", /Dates are not supported/],
    ["raw.npy", "descr", /bfloat16/],
    ["two-arrays.npy", "shape", /One array per \.npy file/],
    ["not-npy.npz", "member name", /"archive\/data\.pkl".*PyTorch/],
    ["bzip2.npz", 'member "a.npy": compression', /method 12.*numpy\.savez/],
  ])("%s is refused with the reason", async (file, field, message) => {
    const error = await readArrays(new URL(`refused/${file}`, folder)).then(
      () => expect.unreachable("the file was read"),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ArrayFileError);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^readArrays: .*refused.* must be .*, got /);
  });
});

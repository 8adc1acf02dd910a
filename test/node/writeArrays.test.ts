import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { failFor } from "../../src/formats/index.js";
import { ArrayFileError, readArray, readArrays, writeArrays } from "../../src/node/index.js";
import { replaceFile } from "../../src/node/replaceFile.js";
import { temporaryFolder } from "./temporaryFolder.js";

const at = temporaryFolder();
const vector = { data: Float32Array.of(1, 2, 3), shape: [3] };

const leftovers = async () =>
  (await readdir(dirname(at("x")))).filter((name) => name.endsWith(".tmp"));

describe("writeArrays", () => {
  test("the extension decides the format, in any case", async () => {
    await writeArrays(at("a.NPY"), { any: vector });
    await writeArrays(at("a.Npz"), { any: vector });
    await writeArrays(at("a.safetensors"), { any: vector });
    expect((await readFile(at("a.NPY"))).subarray(1, 6).toString()).toBe("NUMPY");
    expect((await readFile(at("a.Npz"))).subarray(0, 2).toString()).toBe("PK");
    expect((await readFile(at("a.safetensors")))[8]).toBe(0x7b);
    await expect(writeArrays(at("a.txt"), { any: vector })).rejects.toThrow(
      /writeArrays: path must be named \.npy, \.npz, \.safetensors, got ".*a\.txt"/,
    );
  });

  test("what is read can be written again and is the same file", async () => {
    for (const extension of [".npz", ".safetensors"]) {
      const arrays = {
        half: { data: Float32Array.of(0.5, -0, Number.NaN), shape: [3], dtype: "float16" as const },
        flags: { data: Uint8Array.of(1, 0), shape: [2], dtype: "bool" as const },
        ["__proto__"]: { data: BigUint64Array.of(2n ** 64n - 1n), shape: [] },
      };
      await writeArrays(at(`first${extension}`), arrays);
      await writeArrays(at(`second${extension}`), await readArrays(at(`first${extension}`)));
      expect(await readFile(at(`second${extension}`))).toEqual(
        await readFile(at(`first${extension}`)),
      );
    }
  });

  test("compress makes a smaller file with the same arrays", async () => {
    const zeros = { data: new Float64Array(10_000), shape: [100, 100] };
    await writeArrays(at("plain.npz"), { zeros });
    await writeArrays(at("packed.npz"), { zeros }, { compress: true });
    const sizes = await Promise.all(["plain.npz", "packed.npz"].map((name) => readFile(at(name))));
    expect(sizes[1]!.length).toBeLessThan(sizes[0]!.length / 50);
    expect(await readArray(at("packed.npz"))).toEqual({ ...zeros, dtype: "float64" });
  });

  test("a view of a part of a buffer, or of shared memory, is written as it reads", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16)).subarray(1);
    shared.set([7, 8, 9]);
    const part = new Float32Array([0, 1, 2, 3]).subarray(1);
    for (const options of [{}, { byteOrder: "big" as const }]) {
      for (const dtype of ["float32", "float16"] as const) {
        const arrays = {
          shared: { data: shared, shape: [3], dtype },
          part: { data: part, shape: [3], dtype },
        };
        await writeArrays(at("views.npz"), arrays, options);
        const read = await readArrays(at("views.npz"));
        expect([...read.shared!.data]).toEqual([7, 8, 9]);
        expect([...read.part!.data]).toEqual([1, 2, 3]);
      }
    }
    expect([...shared]).toEqual([7, 8, 9]);
  });

  test("files of many pieces written at the same time do not mix", async () => {
    const write = (i: number) =>
      writeArrays(at("same.npz"), { a: { data: new Int32Array(5000).fill(i), shape: [5000] } });
    await Promise.all(Array.from({ length: 8 }, (_, i) => write(i)));
    const { data } = await readArray(at("same.npz"));
    expect(new Set<number | bigint>(data).size).toBe(1);
    expect(await leftovers()).toEqual([]);
  });

  test("a failure leaves the old file and no temporary one", async () => {
    await writeFile(at("old.npy"), "old");
    async function* failing() {
      yield new Uint8Array(1000);
      throw new Error("the disk is on fire");
    }
    const fail = failFor("writeArrays", at("old.npy"));
    await expect(replaceFile(at("old.npy"), failing(), fail)).rejects.toThrow("on fire");
    expect((await readFile(at("old.npy"))).toString()).toBe("old");

    await mkdir(at("taken.npy"));
    const error = await writeArrays(at("taken.npy"), { vector }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ArrayFileError);
    expect(error.message).toMatch(
      /^writeArrays: .*taken\.npy: file must be .* written, got (EISDIR|EPERM)/,
    );

    await expect(writeArrays(at("no/folder.npy"), { vector })).rejects.toThrow(
      /^writeArrays: .*folder\.npy: file must be a file that can be written, got ENOENT/,
    );
    expect(await leftovers()).toEqual([]);
  });

  const bad = (fields: object) => ({ a: { ...vector, ...fields } }) as never;

  test.each<[string, string, never, object, RegExp]>([
    [
      "two arrays in .npy",
      "x.npy",
      { a: vector, b: vector } as never,
      {},
      /exactly one for \.npy, got \["a", "b"\]\. Use \.npz/,
    ],
    ["no array in .npy", "x.npy", {} as never, {}, /exactly one/],
    ["a list of arrays", "x.npz", [vector] as never, {}, /arrays must be an object/],
    ["a Map of arrays", "x.npz", new Map() as never, {}, /a plain object/],
    ["an array without name", "x.npy", vector.data as never, {}, /a plain object/],
    [
      "rows of numbers",
      "x.npy",
      { a: [[1, 2]] } as never,
      {},
      /arrays\["a"\] must be an object with data and shape/,
    ],
    [
      "plain numbers as data",
      "x.npy",
      bad({ data: [1, 2, 3] }),
      {},
      /arrays\["a"\]\.data must be one of Float32Array, /,
    ],
    [
      "clamped bytes",
      "x.npy",
      bad({ data: new Uint8ClampedArray(3) }),
      {},
      /got Uint8ClampedArray/,
    ],
    [
      "a shape of another size",
      "x.npy",
      bad({ shape: [2, 2] }),
      {},
      /shape must be that of 3 values, got \[2, 2\]/,
    ],
    ["a negative shape", "x.npy", bad({ shape: [-3] }), {}, /whole sizes >= 0.*got \[-3\]/],
    ["no shape", "x.npy", bad({ shape: undefined }), {}, /shape must be a list/],
    [
      "an unknown dtype",
      "x.npy",
      bad({ dtype: "float" }),
      {},
      /dtype must be one of .*got "float"/,
    ],
    [
      "a dtype of other data",
      "x.npy",
      bad({ dtype: "float64" }),
      {},
      /a Float64Array for dtype "float64", got Float32Array/,
    ],
    [
      "bool other than 0 and 1",
      "x.npy",
      bad({ data: Uint8Array.of(1, 0, 2), dtype: "bool" }),
      {},
      /data\[2\] must be 0 or 1.*got 2/,
    ],
    [
      "bfloat16 in .npy",
      "x.npy",
      bad({ dtype: "bfloat16" }),
      {},
      /got "bfloat16"\. numpy has no bfloat16/,
    ],
    ["bfloat16 in .npz", "x.npz", bad({ dtype: "bfloat16" }), {}, /numpy has no bfloat16/],
    [
      "compress in .npy",
      "x.npy",
      { a: vector } as never,
      { compress: true },
      /\(\.npy\): options must be made of order, byteOrder, got "compress"/,
    ],
    ["metadata in .npz", "x.npz", { a: vector } as never, { metadata: {} }, /\(\.npz\): options/],
    [
      "order in .safetensors",
      "x.safetensors",
      { a: vector } as never,
      { order: "C" },
      /\(\.safetensors\): options/,
    ],
    [
      "an unknown order",
      "x.npy",
      { a: vector } as never,
      { order: "F" },
      /order must be one of "C", "Fortran", got "F"/,
    ],
    ["an unknown byte order", "x.npy", { a: vector } as never, { byteOrder: "<" }, /byteOrder/],
    [
      "compress that is no boolean",
      "x.npz",
      { a: vector } as never,
      { compress: 9 },
      /compress must be true or false/,
    ],
    [
      "metadata that are no texts",
      "x.safetensors",
      { a: vector } as never,
      { metadata: { epoch: 1 } },
      /metadata\["epoch"\] must be a string, got 1/,
    ],
    [
      "metadata that are a list",
      "x.safetensors",
      { a: vector } as never,
      { metadata: ["a"] },
      /metadata must be an object/,
    ],
    ["half a surrogate pair as name", "x.npz", { "\ud800": vector } as never, {}, /valid Unicode/],
    [
      "half a surrogate pair in metadata",
      "x.safetensors",
      { a: vector } as never,
      { metadata: { a: "\udc00" } },
      /valid Unicode/,
    ],
    ["a name with NUL", "x.npz", { "a\0b": vector } as never, {}, /free of NUL/],
    [
      "a name beyond 64 KiB",
      "x.npz",
      { ["a".repeat(65532)]: vector } as never,
      {},
      /at most 65531 bytes/,
    ],
    [
      "the name of the metadata",
      "x.safetensors",
      { __metadata__: vector } as never,
      {},
      /the format's own/,
    ],
  ])("%s is an error, and no file is made", async (_, name, arrays, options, message) => {
    await expect(writeArrays(at(name), arrays, options)).rejects.toThrow(message);
    await expect(readFile(at(name))).rejects.toThrow("ENOENT");
  });
});

const python = "python3";
const numpyIsPresent = spawnSync(python, ["-c", "import numpy"]).status === 0;

/** Prints, for every file, what numpy finds in it; reads `.safetensors` from the format's definition. */
const script = `
import json, pathlib, struct, sys
import numpy as np

def text(value):
    if value.dtype.kind == "f":
        return "NaN" if np.isnan(value) else repr(float(value)).replace("inf", "Infinity")
    return str(int(value))

def describe(array, dtype=None):
    return {"dtype": dtype or array.dtype.name, "shape": list(array.shape), "values": [text(v) for v in array.flatten()]}

def safetensors(path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    codes = {"BOOL": "?", "F16": "<f2", "F32": "<f4", "F64": "<f8"}
    for n in (8, 16, 32, 64):
        codes[f"I{n}"], codes[f"U{n}"] = f"<i{n // 8}", f"<u{n // 8}"
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            array = (np.frombuffer(raw[start:end], "<u2").astype("<u4") << 16).view("<f4")
        else:
            array = np.frombuffer(raw[start:end], codes[entry["dtype"]])
        yield name, describe(array.reshape(entry["shape"]), "bfloat16" if entry["dtype"] == "BF16" else None)

result = {}
for path in map(pathlib.Path, sys.argv[1:]):
    if path.suffix == ".npy":
        result[path.name] = {path.stem: describe(np.load(path))}
    elif path.suffix == ".npz":
        with np.load(path) as file:
            result[path.name] = {name: describe(file[name]) for name in file.files}
    else:
        result[path.name] = dict(safetensors(path))
print(json.dumps(result))
`;

describe.skipIf(!numpyIsPresent)("numpy reads back", () => {
  const arrays = {
    bool: { data: Uint8Array.of(0, 1, 1, 0, 1, 0), shape: [2, 3], dtype: "bool" as const },
    int8: { data: Int8Array.of(-128, 127, 0, 1, -1, 5), shape: [6] },
    int16: { data: Int16Array.of(-32768, 32767, 0, 1, -1, 5), shape: [3, 2] },
    int32: { data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 1, -1, 5), shape: [2, 3] },
    int64: { data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n, -1n, 5n), shape: [2, 3] },
    uint8: { data: Uint8Array.of(0, 255, 1), shape: [3, 1] },
    uint16: { data: Uint16Array.of(0, 65535, 1), shape: [1, 3] },
    uint32: { data: Uint32Array.of(0, 2 ** 32 - 1, 1), shape: [3] },
    uint64: { data: BigUint64Array.of(0n, 2n ** 64n - 1n), shape: [1, 2, 1] },
    float16: {
      data: Float32Array.of(0.5, -65504, 2 ** -24, -0, Number.NaN, Number.POSITIVE_INFINITY),
      shape: [2, 3],
      dtype: "float16" as const,
    },
    float32: { data: Float32Array.of(0.1, 3.4e38, 1e-45, -0), shape: [2, 2] },
    float64: { data: Float64Array.of(0.1, 1e308, 5e-324, Number.NEGATIVE_INFINITY), shape: [4] },
    scalar: { data: Float64Array.of(2.5), shape: [] },
    empty: { data: new Float32Array(0), shape: [0, 3] },
    cube: { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [2, 3, 4] },
    größe: { data: Float32Array.of(1), shape: [1] },
    "layer1/bias": { data: Float32Array.of(1), shape: [1] },
  };
  const withBfloat16 = {
    ...arrays,
    bfloat16: { data: Float32Array.of(1, -2, 3.25), shape: [3], dtype: "bfloat16" as const },
  };

  test("every dtype of every format, in both orders and byte orders", async () => {
    const written = new Map<string, Record<string, unknown>>();
    for (const order of ["C", "Fortran"] as const) {
      for (const byteOrder of ["little", "big"] as const) {
        const suffix = `${order}-${byteOrder}`;
        for (const [name, array] of Object.entries(arrays)) {
          const file = `${name.replace("/", "-")}-${suffix}`;
          await writeArrays(at(`${file}.npy`), { any: array }, { order, byteOrder });
          written.set(`${file}.npy`, { [file]: array });
        }
        for (const compress of [false, true]) {
          const file = `all-${suffix}-${compress}.npz`;
          await writeArrays(at(file), arrays, { order, byteOrder, compress });
          written.set(file, arrays);
        }
      }
    }
    await writeArrays(at("all.safetensors"), withBfloat16);
    written.set("all.safetensors", withBfloat16);

    const paths = [...written.keys()].map(at);
    const { stdout, stderr } = spawnSync(python, ["-c", script, ...paths], { encoding: "utf8" });
    expect(stderr).toBe("");
    const found: Record<
      string,
      Record<string, { dtype: string; shape: number[]; values: string[] }>
    > = JSON.parse(stdout);
    expect(Object.keys(found).sort()).toEqual([...written.keys()].sort());
    for (const [file, record] of written) {
      // Our own reader is checked against files of numpy elsewhere, so it can tell what was meant.
      const ours = await readArrays(at(file));
      expect(Object.keys(found[file]!).sort()).toEqual(Object.keys(record).sort());
      for (const [name, { dtype, shape, values }] of Object.entries(found[file]!)) {
        const given = record[name] as { data: ArrayLike<number | bigint>; shape: number[] };
        const parsed = values.map((value) =>
          dtype.endsWith("int64") ? BigInt(value) : Number(value),
        );
        expect(parsed).toEqual(Array.from(given.data));
        expect(shape).toEqual(given.shape);
        expect(dtype).toBe(ours[name]!.dtype);
      }
    }
  });
});

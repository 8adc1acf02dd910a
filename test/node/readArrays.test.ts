import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  ArrayFileError,
  readArray,
  readArrays,
  readMetadata,
  writeArrays,
} from "../../src/node/index.js";
import { temporaryFolder } from "./temporaryFolder.js";

const at = temporaryFolder();
const one = { fc: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] } };
const two = { ...one, labels: { data: BigInt64Array.of(7n, -7n), shape: [2] } };

describe("readArrays", () => {
  test.each([".npy", ".npz", ".safetensors"])("goes by the contents of a %s file", async (ext) => {
    await writeArrays(at(`original${ext}`), one);
    const name = ext === ".npy" ? "renamed" : "fc";
    for (const other of [
      "renamed.npy",
      "renamed.npz",
      "renamed.safetensors",
      "renamed",
      "renamed.bin",
    ]) {
      await copyFile(at(`original${ext}`), at(other));
      expect(Object.keys(await readArrays(at(other)))).toEqual([name]);
    }
  });

  test("names the array of a .npy file after the file", async () => {
    await writeArrays(at("layer 1.epoch 3.npy"), one);
    const arrays = await readArrays(pathToFileURL(at("layer 1.epoch 3.npy")));
    expect(Object.entries(arrays)).toEqual([["layer 1.epoch 3", { ...one.fc, dtype: "float32" }]]);
  });

  test("dtype tells the type checker which typed array there is", async () => {
    await writeArrays(at("typed.npz"), two);
    const { fc, labels } = await readArrays(at("typed.npz"));
    if (fc?.dtype !== "float32" || labels?.dtype !== "int64") throw new Error("other dtypes");
    const matrix: { data: Float32Array; shape: readonly number[] } = fc;
    const integers: BigInt64Array = labels.data;
    expect(matrix.data[5]).toBe(6);
    expect(integers[1]).toBe(-7n);
  });

  test.each<[string, string, number[], RegExp]>([
    [
      "empty.npy",
      "an empty file",
      [],
      /start of the file must be that of a \.npy file, got nothing/,
    ],
    ["empty.bin", "an empty file", [], /that of a \.npy, \.npz or \.safetensors file, got nothing/],
    ["empty.safetensors", "an empty file", [], /at least 8 bytes long, got 0 bytes/],
    ["short.npy", "the first bytes of a .npy file", [0x93, 0x4e, 0x55], /got bytes 93 4e 55/],
    ["text.npz", "a text", [0x68, 0x69], /must be that of a \.npz file, got bytes 68 69/],
    ["gzip.npy.gz", "a gzip file", [0x1f, 0x8b, 8, 0], /gzip file: unpack it first/],
    ["model.h5", "an HDF5 file", [0x89, 0x48, 0x44, 0x46, 13], /HDF5/],
    ["pickle.safetensors", "a pickle", [0x80, 4, 0x95], /pickle, which can run any program/],
  ])("%s, %s, is refused with the reason", async (name, _, bytes, message) => {
    await writeFile(at(name), Uint8Array.from(bytes));
    const error = await readArrays(at(name)).catch((reason) => reason);
    expect(error).toBeInstanceOf(ArrayFileError);
    expect(error.file).toBe(at(name));
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`readArrays: ${at(name)}: `)).toBe(true);
  });

  test("a missing file is named", async () => {
    const error = await readArrays(at("missing.npy")).catch((reason) => reason);
    expect(error).toBeInstanceOf(ArrayFileError);
    expect(error.message).toContain(`${at("missing.npy")}: file must be a file that exists`);
    expect(error.message).toContain("ENOENT");
    expect(error.cause.code).toBe("ENOENT");
  });

  test("a folder is no file", async () => {
    await mkdir(at("folder.npy"));
    await expect(readArrays(at("folder.npy"))).rejects.toThrow("must be a regular file");
  });

  test("the limit of a .npz file can be set", async () => {
    await writeArrays(at("packed.npz"), one, { compress: true });
    expect(Object.keys(await readArrays(at("packed.npz"), { maxBytes: 152 }))).toEqual(["fc"]);
    await expect(readArrays(at("packed.npz"), { maxBytes: 151 })).rejects.toThrow(
      /maxBytes = 151 bytes, got 152 .* If you trust the file, pass a larger maxBytes/,
    );
  });

  test("wrong arguments are errors", async () => {
    await expect(readArrays("")).rejects.toThrow(/path must be the path of a file.*got ""/);
    await expect(readArrays(new URL("https://example.org/a.npy"))).rejects.toThrow(TypeError);
    await expect(readArrays("a\0.npy")).rejects.toThrow(TypeError);
    await expect(readArrays(5 as never)).rejects.toThrow(/got 5/);
    await expect(readArrays("a.npy", { maxBytes: -1 })).rejects.toThrow(/maxBytes must be .* >= 0/);
    await expect(readArrays("a.npy", { size: 1 } as never)).rejects.toThrow(/options/);
  });
});

describe("readArray", () => {
  test("reads the only array, or the one that is named", async () => {
    await writeArrays(at("one.npz"), one);
    await writeArrays(at("two.safetensors"), two);
    expect((await readArray(at("one.npz"))).shape).toEqual([2, 3]);
    expect([...(await readArray(at("two.safetensors"), "labels")).data]).toEqual([7n, -7n]);
  });

  test("lists the names when none is given or it is wrong", async () => {
    await writeArrays(at("two.npz"), two);
    await expect(readArray(at("two.npz"))).rejects.toThrow(
      /two\.npz: name must be one of the file's 2 arrays: "fc", "labels", got undefined/,
    );
    await expect(readArray(at("two.npz"), "fc1")).rejects.toThrow(
      /2 arrays: "fc", "labels", got "fc1"/,
    );
    await expect(readArray(at("two.npz"), "toString")).rejects.toThrow(ArrayFileError);
    await writeArrays(at("none.npz"), {});
    await expect(readArray(at("none.npz"))).rejects.toThrow(/one with an array, got none/);
    await expect(readArray(at("two.npz"), 0 as never)).rejects.toThrow(/name must be a string/);
  });

  test("damage in other arrays does not matter, damage in its own does", async () => {
    await writeArrays(at("damaged.npz"), two);
    const bytes = await readFile(at("damaged.npz"));
    bytes[170] = bytes[170]! ^ 1; // data of the first member
    await writeFile(at("damaged.npz"), bytes);
    expect([...(await readArray(at("damaged.npz"), "labels")).data]).toEqual([7n, -7n]);
    await expect(readArray(at("damaged.npz"), "fc")).rejects.toThrow(/"fc\.npy": CRC-32/);
    await expect(readArrays(at("damaged.npz"))).rejects.toThrow(/"fc\.npy": CRC-32/);
  });
});

describe("readMetadata", () => {
  test("gives what was written, and nothing else", async () => {
    const metadata = { epoch: "12", größe: 'with "quotes" and \n' };
    await writeArrays(at("meta.safetensors"), one, { metadata });
    expect({ ...(await readMetadata(at("meta.safetensors"))) }).toEqual({ ...metadata });
    await writeArrays(at("bare.safetensors"), one);
    expect(Object.keys(await readMetadata(at("bare.safetensors")))).toEqual([]);
  });

  test("other formats have none", async () => {
    await writeArrays(at("bare.npz"), one);
    await expect(readMetadata(at("bare.npz"))).rejects.toThrow(
      /^readMetadata: .*bare\.npz: format/,
    );
  });
});

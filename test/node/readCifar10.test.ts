import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArrayFileError, readCifar10 } from "closerlook/node";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./temporaryFolder.js";

const path = temporaryFolder();

/** A record whose colour bytes tell colour and place: (plane · 7 + pixel) mod 256. */
const record = (label: number) =>
  Uint8Array.from({ length: 3073 }, (_, i) => {
    if (i === 0) return label;
    const [plane, pixel] = [Math.floor((i - 1) / 1024), (i - 1) % 1024];
    return (plane * 7 + pixel) % 256;
  });

const folderOf = async (name: string, files: Record<string, Uint8Array>) => {
  await mkdir(path(name));
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(path(name), file), bytes);
  return path(name);
};

const two = new Uint8Array([...record(3), ...record(9)]);

describe("readCifar10", () => {
  test("puts colours last, scales them to [0, 1] and keeps the order of images and files", async () => {
    const folder = await folderOf("whole", {
      "data_batch_2.bin": record(5),
      "data_batch_1.bin": two,
      "test_batch.bin": record(0),
      "batches.meta.txt": Uint8Array.of(1),
    });
    const { train, test: held } = await readCifar10(folder);
    expect([...train.y]).toEqual([3, 9, 5]);
    expect([...held.y]).toEqual([0]);
    expect(train.x.shape).toEqual([3, 32, 32, 3]);
    expect(held.x.shape).toEqual([1, 32, 32, 3]);
    for (const image of [0, 1, 2]) {
      for (const [row, column, colour] of [
        [0, 0, 0],
        [0, 1, 2],
        [17, 5, 1],
        [31, 31, 2],
      ] as const) {
        const value = ((colour * 7 + row * 32 + column) % 256) / 255;
        const at = ((image * 32 + row) * 32 + column) * 3 + colour;
        expect(train.x.data[at]).toBe(Math.fround(value));
      }
    }
    expect(Math.max(...held.x.data)).toBe(1);
    expect(Math.min(...held.x.data)).toBe(0);
  });

  test.each<[why: string, files: Record<string, Uint8Array>, message: RegExp]>([
    ["no files", {}, /folder must be one with test_batch\.bin and .*got an empty folder/],
    ["no test batch", { "data_batch_1.bin": two }, /got data_batch_1\.bin\. /],
    ["no training batch", { "test_batch.bin": two }, /got test_batch\.bin\. /],
    [
      "a file that was cut short",
      { "data_batch_1.bin": two.subarray(0, 5000), "test_batch.bin": two },
      /data_batch_1\.bin: size must be a multiple of 3073 bytes.*got 5000 bytes/,
    ],
    [
      "an empty file",
      { "data_batch_1.bin": two, "test_batch.bin": new Uint8Array(0) },
      /test_batch\.bin: size must be .* and not 0, got 0 bytes/,
    ],
    [
      "a label that is no class, as in CIFAR-100",
      { "data_batch_1.bin": new Uint8Array([...record(1), ...record(10)]), "test_batch.bin": two },
      /data_batch_1\.bin: label of image 1 must be a class, 0 to 9, got 10/,
    ],
  ])("%s is an error that says where the set is to be had", async (why, files, message) => {
    const reading = readCifar10(await folderOf(why, files));
    await expect(reading).rejects.toBeInstanceOf(ArrayFileError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow("https://www.cs.toronto.edu/~kriz/cifar.html");
  });

  test("a folder that is not there, and no path, are errors", async () => {
    await expect(readCifar10(path("missing"))).rejects.toThrow(/^readCifar10: .*missing: .*ENOENT/);
    await expect(readCifar10(5 as never)).rejects.toThrow(TypeError);
  });
});

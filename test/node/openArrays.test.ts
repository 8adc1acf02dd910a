import { execFile } from "node:child_process";
import { mkdir, open, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { formatNpyHeader } from "../../src/formats/npyHeader.js";
import { encodeZip, type ZipMember } from "../../src/formats/zip.js";
import {
  type ArrayData,
  ArrayFileError,
  type OpenArray,
  openArrays,
  readArrays,
  writeArrays,
} from "../../src/node/index.js";
import { zipCodec } from "../../src/node/rawDeflate.js";
import { temporaryFolder } from "./temporaryFolder.js";

const at = temporaryFolder();
const values = Float32Array.from({ length: 3000 }, (_, i) => i);
const layers = {
  fc: { data: values, shape: [1000, 3] },
  labels: { data: BigInt64Array.from(values.subarray(0, 1000), BigInt), shape: [1000] },
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const numbers = (batches: readonly ArrayData[]): (number | bigint)[] =>
  batches.flatMap(({ data }) => [...(data as Iterable<number | bigint>)]);

/** A file with the arrays, open for the time that `use` runs. */
async function withFile(
  name: string,
  use: (arrays: Readonly<Record<string, OpenArray>>, path: string) => Promise<void>,
  options = {},
): Promise<void> {
  await writeArrays(at(name), name.endsWith(".npy") ? { fc: layers.fc } : layers, options);
  const file = await openArrays(at(name));
  try {
    await use(file.arrays, at(name));
  } finally {
    await file.close();
  }
}

async function errorOf(reading: Promise<unknown>): Promise<ArrayFileError> {
  const error = await reading.then(
    () => expect.unreachable("no error"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ArrayFileError);
  return error;
}

const containers: [name: string, options: object][] = [
  ["fc.npy", {}],
  ["stored.npz", {}],
  ["deflated.npz", { compress: true }],
  ["layers.safetensors", {}],
];

describe("openArrays", () => {
  test("says what the arrays are before it reads them", async () => {
    await withFile("layers.npz", async (arrays) => {
      const said = Object.values(arrays).map(({ name, shape, dtype }) => ({ name, shape, dtype }));
      expect(said).toEqual([
        { name: "fc", shape: [1000, 3], dtype: "float32" },
        { name: "labels", shape: [1000], dtype: "int64" },
      ]);
    });
  });

  test("streams the values of every golden file, as readArrays gives them", async () => {
    const folder = new URL("../golden/arrays/", import.meta.url);
    const files = (await readdir(folder)).filter((name) => /\.(npy|npz|safetensors)$/.test(name));
    expect(files.length).toBe(59);
    for (const name of files) {
      const path = new URL(name, folder);
      const whole = await readArrays(path);
      const { arrays, close } = await openArrays(path);
      expect(Object.keys(arrays)).toEqual(Object.keys(whole));
      expect(Object.getPrototypeOf(arrays)).toBeNull();
      for (const [key, { data, shape, dtype }] of Object.entries(whole)) {
        expect(arrays[key]).toMatchObject({ name: key, shape, dtype });
        const read = numbers(await all(arrays[key]!.batches({ rows: 2 })));
        expect(read.length).toBe(data.length);
        expect(read.findIndex((value, i) => !Object.is(value, data[i]))).toBe(-1);
      }
      await close();
    }
  });

  test.each(containers)("%s: arrays are read side by side", async (name, options) => {
    await withFile(
      name,
      async (arrays) => {
        const [first] = Object.values(arrays);
        const a = first!.batches({ rows: 300 });
        const b = (arrays.labels ?? first)!.batches({ rows: 300 });
        for (let row = 0; row < 1000; row += 300) {
          const [x, y] = [(await a.next()).value!, (await b.next()).value!];
          expect(x.shape).toEqual([Math.min(300, 1000 - row), 3]);
          expect(x.data[0]).toBe(3 * row);
          expect(Number(y.data[0])).toBe(y.shape.length === 1 ? row : 3 * row);
        }
        expect((await a.next()).done && (await b.next()).done).toBe(true);
      },
      options,
    );
  });

  test.each(containers)("%s: a loop can be left and begun again", async (name, options) => {
    await withFile(
      name,
      async ({ fc, layers }) => {
        const array = (fc ?? layers)!;
        for await (const { data } of array.batches({ rows: 1 })) {
          expect([...data]).toEqual([0, 1, 2]);
          break;
        }
        expect(numbers(await all(array.batches({ rows: 999 })))).toEqual([...values]);
      },
      options,
    );
  });

  test("batches are what the caller may keep and change", async () => {
    await withFile("kept.npz", async ({ fc }) => {
      const batches = await all(fc!.batches({ rows: 500 }));
      batches[0]!.data.fill(-1 as never);
      expect(batches[1]!.data[0]).toBe(1500);
      expect(numbers(await all(fc!.batches()))).toEqual([...values]);
    });
  });

  test.each(["columns.npy", "columns.npz"])(
    "%s: Fortran order comes in C order, several panels of it too",
    async (name) => {
      const shape = [2 ** 15, 160]; // 20 MiB
      const data = Float32Array.from({ length: 2 ** 15 * 160 }, (_, i) => i);
      await writeArrays(at(name), { columns: { data, shape } }, { order: "Fortran" });
      const file = await openArrays(at(name));
      let row = 0;
      for await (const batch of file.arrays.columns!.batches({ rows: 5000 })) {
        const start = row * 160;
        expect(batch.data.findIndex((value, i) => value !== start + i)).toBe(-1);
        row += batch.shape[0]!;
      }
      expect(row).toBe(2 ** 15);
      await file.close();
    },
  );

  test("metadata come with .safetensors and with nothing else", async () => {
    const path = at("meta.safetensors");
    await writeArrays(path, layers, { metadata: { epoch: "12" } });
    const file = await openArrays(pathToFileURL(path));
    expect({ ...file.metadata }).toEqual({ epoch: "12" });
    await file[Symbol.asyncDispose]();
    await writeArrays(at("meta.npz"), layers);
    const other = await openArrays(at("meta.npz"));
    expect("metadata" in other).toBe(false);
    await other.close();
  });

  test.each(containers)("%s: after close, reading is an error", async (name, options) => {
    await writeArrays(at(name), name === "fc.npy" ? { fc: layers.fc } : layers, options);
    const file = await openArrays(at(name));
    const { batches } = Object.values(file.arrays)[0]!;
    const begun = batches({ rows: 1 });
    await begun.next();
    await Promise.all([file.close(), file.close()]);
    await file.close();
    for (const late of [begun, batches()]) {
      const { message } = await errorOf(all(late));
      expect(message).toBe(
        `openArrays: ${at(name)}: file must be open until its arrays have been read, got closed`,
      );
    }
  });

  test.each(containers)("%s: a file cut short meanwhile is noticed", async (name, options) => {
    await withFile(
      name,
      async (arrays, path) => {
        const { size } = await stat(path);
        await truncate(path, 150);
        const { message } = await errorOf(all(Object.values(arrays)[0]!.batches()));
        expect(message).toContain(
          `${path}: file must be unchanged while it is read, ${size} bytes, got `,
        );
      },
      options,
    );
  });

  test("a file that grew or was written to meanwhile is noticed before its values are given", async () => {
    await withFile("grown.npy", async (arrays, path) => {
      const batches = arrays.grown!.batches({ rows: 10 });
      await batches.next();
      await writeFile(path, "x", { flag: "a" });
      expect((await errorOf(all(batches))).message).toMatch(/12128 bytes, got 12129 bytes/);
    });
    await withFile("touched.npy", async (arrays, path) => {
      const contents = await readFile(path);
      const handle = await open(path, "r+");
      await handle.write(contents);
      await handle.utimes(new Date(0), new Date(1000));
      await handle.close();
      const { message } = await errorOf(arrays.touched!.batches().next());
      expect(message).toMatch(/unchanged while it is read.* got another time of its last change/);
    });
  });

  test("a file that writeArrays replaces meanwhile is read as it was", async () => {
    await withFile("replaced.npy", async (arrays, path) => {
      const batches = arrays.replaced!.batches({ rows: 10 });
      await writeArrays(path, { fc: { data: new Float32Array(6), shape: [2, 3] } });
      expect(numbers(await all(batches))).toEqual([...values]);
    });
  });

  test("damage in any header is found at once, with the words of readArrays", async () => {
    await writeArrays(at("header.npz"), layers);
    const bytes = await readFile(at("header.npz"));
    const descr = bytes.lastIndexOf("'<i8'");
    expect(descr).toBeGreaterThan(0);
    bytes[descr + 2] = 0x4f;
    await writeFile(at("header.npz"), bytes);
    const [opened, read] = [openArrays, readArrays].map((f) => errorOf(f(at("header.npz"))));
    expect((await opened!).message).toMatch(/member "labels\.npy": descr must be .*pickle/);
    expect((await opened!).message.replace("openArrays:", "readArrays:")).toBe(
      (await read!).message,
    );
  });

  test("missing files, folders and wrong arguments are errors", async () => {
    await mkdir(at("folder.npz"));
    expect((await errorOf(openArrays(at("folder.npz")))).message).toMatch(/a regular file/);
    const missing = await errorOf(openArrays(at("missing.npy")));
    expect(missing.message).toContain(`openArrays: ${at("missing.npy")}: file must be a file that`);
    expect(missing.message).toContain("ENOENT");
    await expect(openArrays(5 as never)).rejects.toThrow(/openArrays: path must be .* got 5/);
  });

  test("wrong options of batches are errors at once", async () => {
    await withFile("options.npy", async (arrays) => {
      const { batches } = arrays.options!;
      expect(() => batches({ rows: 0 })).toThrow(
        new RangeError("batches: rows must be an integer >= 1, got 0"),
      );
      expect(() => batches({ rows: 1.5 })).toThrow(RangeError);
      expect(() => batches({ rows: "7" as never })).toThrow(TypeError);
      expect(() => batches({ row: 7 } as never)).toThrow(/options must be made of rows, signal/);
      expect(() => batches({ signal: {} as never })).toThrow(/signal must be an AbortSignal/);
      expect(numbers(await all(batches({ rows: 10 ** 15 })))).toEqual([...values]);
    });
  });

  test.each(containers)("%s: an aborted loop rejects with the reason", async (name, options) => {
    await withFile(
      name,
      async (arrays) => {
        const { batches } = Object.values(arrays)[0]!;
        const reason = new Error("enough");
        await expect(all(batches({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
        const controller = new AbortController();
        let seen = 0;
        const reading = async () => {
          for await (const _ of batches({ rows: 100, signal: controller.signal })) {
            if (++seen === 2) controller.abort(reason);
          }
        };
        await expect(reading()).rejects.toBe(reason);
        expect(seen).toBe(2);
      },
      options,
    );
  });
});

describe("memory", () => {
  const run = promisify(execFile);

  /** A `.npy` file of zeros that takes no room on the disk. */
  async function writeSparse(path: string, rows: number, fortranOrder: boolean): Promise<void> {
    const header = formatNpyHeader("float32", [rows, 256], { bigEndian: false, fortranOrder });
    await writeFile(path, header);
    await truncate(path, header.length + rows * 1024);
  }

  /** A `.npz` file whose only member unpacks to zeros. */
  async function writeDeflated(path: string, rows: number): Promise<void> {
    const header = formatNpyHeader("float32", [rows, 256], {
      bigEndian: false,
      fortranOrder: false,
    });
    const zeros = Buffer.alloc(2 ** 20);
    // Flushed, so that it can be repeated.
    const options = { level: 1, finishFlush: constants.Z_FULL_FLUSH };
    const megabyte = deflateRawSync(zeros, options);
    const count = rows / 1024;
    const contents = [
      deflateRawSync(header, options),
      ...Array(count).fill(megabyte),
      deflateRawSync(new Uint8Array()),
    ];
    let crc = zipCodec.crc32(header, 0);
    for (let i = 0; i < count; i++) crc = zipCodec.crc32(zeros, crc);
    async function* members(): AsyncGenerator<ZipMember> {
      yield {
        name: "zeros.npy",
        deflated: true,
        crc,
        bytes: header.length + rows * 1024,
        storedBytes: contents.reduce((sum, { length }) => sum + length, 0),
        contents,
      };
    }
    await writeFile(path, encodeZip(members()));
  }

  test("stays far below the size of the files", async () => {
    const rows = 2 ** 18; // 256 MiB
    await writeSparse(at("rows.npy"), rows, false);
    await writeDeflated(at("rows.npz"), rows);
    await writeSparse(at("columns.npy"), rows, true);
    const script = fileURLToPath(new URL("streamInLittleMemory.ts", import.meta.url));
    const { stdout } = await run(process.execPath, [
      "--max-old-space-size=64",
      ...["--import", "tsx", script, at("rows.npy"), at("rows.npz"), at("columns.npy")],
    ]);
    const [stored, deflated, fortran] = JSON.parse(stdout) as number[];
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(100);
    expect(deflated).toBeLessThan(100);
    // Panels of 16 MiB: one in use, one being read, and what is not collected yet.
    expect(fortran).toBeLessThan(200);
  });
});

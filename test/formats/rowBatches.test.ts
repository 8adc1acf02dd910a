import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteSource, bytesSource } from "../../src/formats/byteSource.js";
import {
  type ArrayData,
  ArrayFileError,
  defaultRows,
  encodeNpz,
  type OpenedArray,
  openArrayFile,
  readBatches,
  type ZipCodec,
} from "../../src/formats/index.js";
import { readWhole } from "../../src/formats/rowBatches.js";
import { deflateRaw, zipCodec } from "../../src/node/rawDeflate.js";
import {
  anyArray,
  bitsOf,
  dtypesOf,
  encode,
  fail,
  formats,
  join,
  plainLayout,
  readBytes,
} from "./arrays.js";

const fortran = { bigEndian: false, fortranOrder: true };

/** Bytes that no one may ask beyond, which a file would take for one that was cut short. */
function strictSource(bytes: Uint8Array): ByteSource {
  const source = bytesSource(bytes);
  const check = (end: number) => expect(end).toBeLessThanOrEqual(bytes.length);
  return {
    ...source,
    read(offset, length) {
      check(offset + length);
      return source.read(offset, length);
    },
    readInto(target, offset) {
      check(offset + target.length);
      return source.readInto(target, offset);
    },
  };
}

async function open(bytes: Uint8Array, codec: ZipCodec = zipCodec): Promise<OpenedArray> {
  const options = { name: "file", extension: "", codec };
  const { arrays } = await openArrayFile(strictSource(bytes), options, fail);
  const [only] = arrays.values();
  return only!.open();
}

/** The same array, read in panels of few bytes, so that a small one has several. */
function withPanels(array: OpenedArray, panelBytes: number): OpenedArray {
  return {
    ...array,
    reader: (signal) => Object.assign(array.reader(signal), { panelBytes }),
  };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

const rowsOf = ({ shape: [rows = 1] }: ArrayData): number => rows;

const anyLayout = fc.record({ bigEndian: fc.boolean(), fortranOrder: fc.boolean() });
const anyRows = fc.integer({ min: 1, max: 6 });

describe.each(formats)("batches of %s", (format) => {
  test.each(dtypesOf(format))("%s arrays are, one after the other, the array", async (dtype) => {
    await fc.assert(
      fc.asyncProperty(
        anyArray([dtype]),
        anyLayout,
        anyRows,
        fc.integer({ min: 1, max: 400 }),
        async (array, layout, rows, panelBytes) => {
          const stored = await open(await encode(format, [["file", array]], layout));
          expect(stored.layout.shape).toEqual(array.shape);
          const batches = await all(readBatches(withPanels(stored, panelBytes), rows));
          expect(batches.map(bitsOf).join("")).toBe(bitsOf(array));
          const [total, ...rest] = array.shape;
          const shapes = batches.map(({ shape }) => shape);
          if (total === undefined) {
            expect(shapes).toEqual([[]]);
            return;
          }
          expect(shapes.map((shape) => shape.slice(1))).toEqual(shapes.map(() => rest));
          const sizes = batches.map(rowsOf);
          expect(sizes.slice(0, -1).every((size) => size === rows)).toBe(true);
          expect(sizes.reduce((a, b) => a + b, 0)).toBe(total);
          expect(sizes.length).toBe(Math.ceil(total / rows));
          for (const batch of batches) {
            expect(batch.dtype).toBe(dtype);
            expect(batch.data.buffer.byteLength).toBe(batch.data.byteLength);
          }
        },
      ),
    );
  });

  test("Fortran order comes in C order, whether columns lie close or far apart", async () => {
    // Columns of 300 and of 150,000 bytes.
    for (const rows of [150, 75_000]) {
      const data = Int16Array.from({ length: rows * 7 }, (_, i) => (i * 31) % 9973);
      const array = { data, shape: [rows, 7], dtype: "int16" } as const;
      const stored = await open(await encode(format, [["file", array]], fortran));
      for (const panelBytes of [1, 200, 2 ** 30]) {
        if (panelBytes === 1 && rows > 1000) continue;
        const batches = await all(readBatches(withPanels(stored, panelBytes), rows / 5 - 1));
        expect(batches.length).toBe(6);
        expect(batches.map(bitsOf).join("")).toBe(bitsOf(array));
      }
    }
  });

  test("two loops over one array do not disturb each other", async () => {
    const array = { data: Float64Array.of(1, 2, 3, 4), shape: [4], dtype: "float64" } as const;
    const stored = await open(await encode(format, [["file", array]]));
    const [a, b] = [readBatches(stored, 1), readBatches(stored, 2)];
    const next = async (batches: typeof a) => [...((await batches.next()).value as ArrayData).data];
    expect(await next(a)).toEqual([1]);
    expect(await next(b)).toEqual([1, 2]);
    expect(await next(a)).toEqual([2]);
    expect(await next(b)).toEqual([3, 4]);
    expect(await next(a)).toEqual([3]);
    expect((await b.next()).done).toBe(true);
    expect(await next(a)).toEqual([4]);
  });

  test("a value that is no bool is named by its place in the whole array", async () => {
    const data = new Uint8Array(12).fill(1);
    const bytes = await encode(format, [["file", { data, shape: [6, 2], dtype: "uint8" }]]);
    data[9] = 7;
    const wrong = await encode(format, [["file", { data, shape: [6, 2], dtype: "uint8" }]]);
    const bool = { dtype: "bool" } as const;
    const reading = async (file: Uint8Array) => {
      const stored = await open(file);
      return all(readBatches({ ...stored, layout: { ...stored.layout, ...bool } }, 2));
    };
    expect((await reading(bytes)).length).toBe(3);
    await expect(reading(wrong)).rejects.toThrow(/bool values must be 0 or 1, got 7 at \[9\]/);
  });
});

describe.each(["stored .npz", "deflated .npz"] as const)("batches of a damaged %s", (format) => {
  const small = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2], dtype: "float32" };

  test.each([plainLayout, fortran])("the last batch waits for the checksum: %o", async (layout) => {
    const bytes = await encode(format, [["file", small as ArrayData]], layout);
    // The CRC-32 in the central directory.
    const directory = Buffer.from(bytes).indexOf("PK\x01\x02");
    bytes[directory + 16]! ^= 1;
    const stored = withPanels(await open(bytes), 1);
    const seen: ArrayData[] = [];
    const reading = async () => {
      for await (const batch of readBatches(stored, 1)) seen.push(batch);
    };
    await expect(reading()).rejects.toThrow(/member "file\.npy": CRC-32 must be 0x/);
    expect(seen.length).toBeLessThan(3);
    expect(seen.length).toBe(format === "deflated .npz" && layout === fortran ? 1 : 2);
  });

  test("no rows are checked too", async () => {
    const empty = { data: new Float32Array(), shape: [0, 4], dtype: "float32" } as const;
    const bytes = await encode(format, [["file", empty]]);
    expect(await all(readBatches(await open(bytes), 1))).toEqual([]);
    bytes[Buffer.from(bytes).indexOf("PK\x01\x02") + 16]! ^= 1;
    await expect(all(readBatches(await open(bytes), 1))).rejects.toThrow(/CRC-32/);
  });

  test("any change of a byte gives the same values or an error", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyArray(dtypesOf(format)),
        fc.boolean(),
        anyRows,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (array, fortranOrder, rows, at, value) => {
          const layout = { bigEndian: false, fortranOrder };
          const bytes = await encode(format, [["file", array]], layout);
          bytes[at % bytes.length]! ^= value;
          const whole = await readBytes(bytes).catch((error) => error);
          const batches = await open(bytes)
            .then((stored) => all(readBatches(withPanels(stored, 20), rows)))
            .catch((error) => error);
          if (batches instanceof Error) {
            expect(batches).toBeInstanceOf(ArrayFileError);
            expect(whole).toBeInstanceOf(ArrayFileError);
            // A value that is no bool is seen in its batch, the checksum only at the end.
            const early =
              array.dtype === "bool" && (batches as ArrayFileError).field.endsWith("bool values");
            if (early) expect((whole as ArrayFileError).field).toMatch(/(CRC-32|bool values)$/);
            else expect((batches as ArrayFileError).field).toBe((whole as ArrayFileError).field);
            return;
          }
          expect(batches.map(bitsOf).join("")).toBe(bitsOf(array));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a deflated member", () => {
  const rows = 4000;
  const data = Float32Array.from({ length: rows * 4 }, (_, i) => (i * 7919) % 10_007);
  const array = { data, shape: [rows, 4], dtype: "float32" } as const;

  /** A codec that counts the streams it opened, ended or left, and the bytes it gave. */
  function counting() {
    const counts = { opened: 0, closed: 0, bytes: 0 };
    const codec: ZipCodec = {
      ...zipCodec,
      async *inflate(deflated) {
        counts.opened++;
        try {
          for await (const chunk of zipCodec.inflate(deflated, 1000)) {
            counts.bytes += chunk.length;
            yield chunk;
          }
        } finally {
          counts.closed++;
        }
      },
    };
    return { codec, counts };
  }

  test("in C order is unpacked once, as batches are asked for", async () => {
    const { codec, counts } = counting();
    const stored = await open(await encode("deflated .npz", [["file", array]]), codec);
    // Its header.
    expect(counts).toMatchObject({ opened: 1, closed: 1 });
    Object.assign(counts, { opened: 0, closed: 0, bytes: 0 });
    const batches = readBatches(stored, 100);
    await batches.next();
    expect(counts.bytes).toBeLessThan(128 + 1600 + 1000);
    for await (const { shape } of batches) expect(shape).toEqual([100, 4]);
    expect(counts).toEqual({ opened: 1, closed: 1, bytes: 128 + rows * 16 });
  });

  test("in Fortran order is unpacked once for each panel", async () => {
    const { codec, counts } = counting();
    const stored = await open(await encode("deflated .npz", [["file", array]], fortran), codec);
    for (const [panelBytes, passes] of [
      [rows * 16, 1],
      [rows * 4, 4],
      [rows * 4 - 1, 5],
    ] as const) {
      Object.assign(counts, { opened: 0, closed: 0, bytes: 0 });
      const batches = await all(readBatches(withPanels(stored, panelBytes), 100));
      expect(batches.map(bitsOf).join("")).toBe(bitsOf(array));
      expect(counts).toEqual({
        opened: passes,
        closed: passes,
        bytes: passes * (128 + rows * 16),
      });
    }
  });

  test("is let go of when a loop ends early or is aborted", async () => {
    const { codec, counts } = counting();
    const stored = await open(await encode("deflated .npz", [["file", array]]), codec);
    for await (const { shape } of readBatches(stored, 10)) {
      expect(shape).toEqual([10, 4]);
      break;
    }
    expect(counts).toMatchObject({ opened: 2, closed: 2 });
    const controller = new AbortController();
    const reading = async () => {
      for await (const _ of readBatches(stored, 10, controller.signal)) controller.abort("enough");
    };
    await expect(reading()).rejects.toBe("enough");
    expect(counts).toMatchObject({ opened: 3, closed: 3 });
  });

  test("whose stream is cut, or goes on, is an error at its end", async () => {
    const bytes = await join(encodeNpz([["file", array]], plainLayout, deflateRaw));
    const lying = (change: (chunk: Uint8Array[]) => Uint8Array[]): ZipCodec => ({
      ...zipCodec,
      async *inflate(deflated, limit) {
        const chunks = await all(zipCodec.inflate(deflated, limit));
        yield* limit > 64_000 && limit < 65_000 ? change(chunks) : chunks;
      },
    });
    const reading = async (codec: ZipCodec) => all(readBatches(await open(bytes, codec), 1000));
    const size = 128 + rows * 16;
    await expect(reading(lying((chunks) => chunks))).resolves.toHaveLength(4);
    await expect(
      reading(lying((chunks) => [...chunks, new Uint8Array(), Uint8Array.of(1)])),
    ).rejects.toThrow(`data must be a deflate stream of ${size} bytes, got more`);
    await expect(
      reading(lying((chunks) => [...chunks.slice(0, -1), chunks.at(-1)!.subarray(0, -1)])),
    ).rejects.toThrow(`data must be a deflate stream of ${size} bytes, got ${size - 1} bytes`);
  });
});

test("a reader is closed whatever happens", async () => {
  const data = Float32Array.of(1, 2, 3);
  const stored = await open(
    await encode(".npy", [["file", { data, shape: [3], dtype: "float32" }]]),
  );
  for (const reading of [readWhole, (array: OpenedArray) => all(readBatches(array, 3))]) {
    let closed = 0;
    const close = async () => {
      closed++;
    };
    const finish = () => Promise.reject(new Error("damaged"));
    await reading({ ...stored, reader: () => ({ ...stored.reader(), close }) });
    expect(closed).toBe(1);
    const damaged = { ...stored, reader: () => ({ ...stored.reader(), close, finish }) };
    await expect(reading(damaged)).rejects.toThrow("damaged");
    expect(closed).toBe(2);
  }
});

test("a batch has 4 MiB of the file by default, and at least one row", () => {
  const layout = { ...plainLayout, dtype: "float16" } as const;
  expect(defaultRows({ ...layout, shape: [10 ** 6, 512] })).toBe(4096);
  expect(defaultRows({ ...layout, shape: [10, 4096, 4096] })).toBe(1);
  expect(defaultRows({ ...layout, shape: [10] })).toBe(2 ** 21);
  expect(defaultRows({ ...layout, shape: [10, 0] })).toBe(10);
  expect(defaultRows({ ...layout, shape: [0, 0] })).toBe(1);
  expect(defaultRows({ ...layout, shape: [] })).toBe(2 ** 21);
});

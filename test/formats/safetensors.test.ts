import { describe, expect, test } from "vitest";
import { encodeSafetensors } from "../../src/formats/index.js";
import { errorOf, join, readBytes } from "./arrays.js";

/** A file around any header text. */
function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const tensor = (fields: object = {}) =>
  JSON.stringify({ dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields });

describe(".safetensors", () => {
  test("a header written by hand is read, with blanks after it", async () => {
    const arrays = await readBytes(file(`{ "w" : ${tensor()} }   `, 8));
    expect(arrays.get("w")).toEqual({ data: new Float32Array(2), shape: [2], dtype: "float32" });
  });

  test("data need not be aligned, and need not come in the header's order", async () => {
    const header = `{"b":${tensor({ data_offsets: [1, 9] })},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`;
    const bytes = file(header, 9);
    bytes.set([7, 0, 0, 0x80, 0x3f], bytes.length - 9);
    const arrays = await readBytes(bytes);
    expect([...arrays.keys()]).toEqual(["b", "a"]);
    expect([...arrays.get("a")!.data]).toEqual([7]);
    expect([...arrays.get("b")!.data]).toEqual([1, 0]);
  });

  test.each<[string, string, number, string, string]>([
    ["a dtype that is not supported", tensor({ dtype: "F8_E4M3" }), 8, "dtype", 'got "F8_E4M3"'],
    [
      "a dtype that is no text",
      tensor({ dtype: { constructor: { name: { toString: 1 } } } }),
      8,
      "dtype",
      "got an object",
    ],
    ["a negative size", tensor({ shape: [-2] }), 8, "shape", "got [-2]"],
    ["a fractional size", tensor({ shape: [0.5, 4] }), 8, "shape", "got [0.5, 4]"],
    [
      "sizes that overflow",
      tensor({ shape: [2 ** 40, 2 ** 40] }),
      8,
      "shape",
      "got [1099511627776, 1099511627776]",
    ],
    ["a size that is text", tensor({ shape: ["2"] }), 8, "shape", 'got ["2"]'],
    ["no shape", tensor({ shape: undefined }), 8, "shape", "got undefined"],
    [
      "a shape of another size",
      tensor({ shape: [3] }),
      8,
      "shape",
      "8 bytes of float32 data, got [3], which takes 12 bytes",
    ],
    [
      "offsets beyond the file",
      tensor({ data_offsets: [0, 80], shape: [20] }),
      8,
      "data_offsets",
      "within the 8 bytes of data, got [0, 80]",
    ],
    ["offsets that fall", tensor({ data_offsets: [8, 0] }), 8, "data_offsets", "got [8, 0]"],
    ["three offsets", tensor({ data_offsets: [0, 8, 8] }), 8, "data_offsets", "got [0, 8, 8]"],
    [
      "offsets beyond exact integers",
      tensor({ data_offsets: [0, 2 ** 60] }),
      8,
      "data_offsets",
      "two whole numbers",
    ],
    ["an entry that is a list", "[1, 2]", 8, "entry", "got [1, 2]"],
    ["an entry that is null", "null", 8, "entry", "got null"],
    [
      "a hole in front",
      tensor({ data_offsets: [4, 12] }),
      12,
      "data_offsets",
      "from 0 on, where the tensor before it ends, got [4, 12]",
    ],
  ])("%s is an error", async (_, entry, dataBytes, field, message) => {
    const error = await errorOf(file(`{"w":${entry}}`, dataBytes));
    expect(error.field).toBe(`tensor "w": ${field}`);
    expect(error.message).toContain(message);
  });

  test("tensors that overlap, leave a hole or leave data over are an error", async () => {
    const two = (start: number) =>
      `{"a":${tensor()},"b":${tensor({ data_offsets: [start, start + 8] })}}`;
    expect((await readBytes(file(two(8), 16))).size).toBe(2);
    expect((await errorOf(file(two(4), 12))).message).toContain("from 8 on");
    expect((await errorOf(file(two(0), 8))).message).toContain("from 8 on");
    expect((await errorOf(file(two(12), 20))).message).toContain("from 8 on");
    expect((await errorOf(file(two(8), 17))).message).toContain(
      "16 bytes after the header, got 17 bytes",
    );
  });

  test.each<[string, string, string]>([
    ["a tensor", `{"w":${tensor()},"w":${tensor()}}`, '"w" twice'],
    ["a tensor, spelt in another way", `{"w":${tensor()},"\\u0077" :${tensor()}}`, '"w" twice'],
    [
      "a field",
      `{"w":{"dtype":"F64","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`,
      '"dtype" twice',
    ],
    ["metadata", `{"__metadata__":{"a":"1","a":"2"},"w":${tensor()}}`, '"a" twice'],
    ["a key with quotes and backslashes", `{"\\"\\\\":${tensor()},"\\"\\\\":${tensor()}}`, "twice"],
  ])("%s that comes twice is an error", async (_, header, message) => {
    const error = await errorOf(file(header, 8));
    expect(error.field).toBe("header");
    expect(error.message).toContain(message);
  });

  test("the same key in different objects, and keys in texts, are no repetition", async () => {
    const header = `{"__metadata__":{"w":"{\\"w\\":1,\\"w\\":2}","dtype":"w"},"w":${tensor()},"dtype":${tensor({ data_offsets: [8, 16] })}}`;
    expect([...(await readBytes(file(header, 16))).keys()]).toEqual(["w", "dtype"]);
  });

  test.each<[string, Uint8Array, string]>([
    ["a blank in front", file(" {}"), "JSON object from its first byte"],
    ["a list", file("[]"), "JSON object"],
    ["a comment", file("{} //"), "JSON in UTF-8"],
    ["a text that is not UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22)), "JSON in UTF-8"],
    ["metadata that are no object", file('{"__metadata__":[]}'), "__metadata__ must be an object"],
    [
      "metadata that are no text",
      file('{"__metadata__":{"a":1}}'),
      '__metadata__: "a" must be a string, got 1',
    ],
    [
      "a length beyond the file",
      file("{}", 0, 3n),
      "header length must be at most 2 bytes, which follow it, got 3",
    ],
    ["an absurd length", file("{}", 0, 2n ** 64n - 1n), "got 18446744073709552000"],
    ["a length of zero", file("{}", 0, 0n), "header must be JSON"],
    ["nothing but half a length", new Uint8Array(4), "file must be at least 8 bytes long, got 4"],
    ["a million brackets", file(`{"a":${"[".repeat(1e6)}`), "JSON in UTF-8"],
    [
      "a million nested lists",
      file(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`),
      'tensor "a": entry',
    ],
  ])("%s is an error", async (_, bytes, message) => {
    expect((await errorOf(bytes, ".safetensors")).message).toContain(message);
  });

  test("the written data begin at a multiple of 8, those with large elements first", async () => {
    const bytes = await join(
      encodeSafetensors(
        [
          ["small", { data: Uint8Array.of(1), shape: [1], dtype: "uint8" }],
          ["large", { data: Float64Array.of(2), shape: [1], dtype: "float64" }],
        ],
        { note: "x" },
      ),
    );
    const length = new DataView(bytes.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { note: "x" },
      small: { dtype: "U8", shape: [1], data_offsets: [8, 9] },
      large: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
    });
    expect(bytes.length).toBe(8 + length + 9);
  });
});

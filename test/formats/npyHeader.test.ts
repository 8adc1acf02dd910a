import { describe, expect, test } from "vitest";
import { errorOf, readBytes } from "./arrays.js";

/** A `.npy` file around any header text. */
function npy(text: string, data = new Uint8Array(24), version = [1, 0]): Uint8Array {
  const body = new TextEncoder().encode(text);
  const length = version[0] === 1 ? 2 : 4;
  const bytes = new Uint8Array(8 + length + body.length + data.length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), ...version]);
  for (let i = 0; i < length; i++) bytes[8 + i] = body.length >> (8 * i);
  bytes.set(body, 8 + length);
  bytes.set(data, 8 + length + body.length);
  return bytes;
}

const header = (descr: string, order: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const withShape = (shape: string) => npy(header("'<f4'", "False", shape));

describe(".npy header", () => {
  test.each([
    ["numpy's own spelling", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n"],
    [
      "no blanks, other order, no last comma",
      `{'shape':(2,3),'fortran_order':False,'descr':"<f4"}`,
    ],
    ["Python 2's long integers", "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }"],
    [
      "blanks and line ends anywhere",
      "\n{ 'descr' : '<f4' , 'fortran_order':\tFalse, 'shape': ( 2 , 3 , ) }",
    ],
  ])("%s is read", async (_, text) => {
    const array = (await readBytes(npy(text))).get("file")!;
    expect(array).toEqual({ data: new Float32Array(6), shape: [2, 3], dtype: "float32" });
  });

  test.each([
    ["negative", "(-2, -3)", "[-2, -3]"],
    ["beyond the file", "(2, 300)", "[2, 300], which takes 2400 bytes"],
    ["smaller than the file", "(2, 2)", "[2, 2], which takes 16 bytes"],
    ["overflowing", "(4294967296, 4294967296, 4294967296)", "[4294967296,"],
    ["wrapping to the right size", "(6148914691236517206, 4)", "[6148914691236517000, 4]"],
    ["absurd beside a zero", "(0, 9007199254740993)", "[0, 9007199254740992]"],
    ["of too many dimensions", `(${"1, ".repeat(65)})`, "[1, 1,"],
    ["of words", "(True, 6)", "[true, 6]"],
    ["nested", "((2, 3), 1)", "[2,3, 1]"],
    ["a text", "'(2, 3)'", '"(2, 3)"'],
    ["a number", "6", "6"],
  ])("a shape that is %s is an error that shows it", async (_, shape, got) => {
    const { field, message } = await errorOf(withShape(shape));
    expect(field).toBe("shape");
    expect(message).toMatch(/^readArrays: file: shape must be /);
    expect(message).toContain(`got ${got}`);
  });

  test.each([
    ["fractional sizes", header("'<f4'", "False", "(1.5, 4)"), 'got ".5, 4), }'],
    ["a call", header("'<f4'", "False", "tuple([2, 3])"), 'got " tuple'],
    ["an expression", header("'<f4'", "False", "(2 + 1, 2)"), 'got " + 1, 2'],
    ["an escape in a string", header("'<\\x664'", "False", "(2, 3)"), "got"],
    ["nothing at all", "", "got its end"],
    ["only blanks", " \n", "got its end"],
    ["a dict that does not end", "{'descr': '<f4'", "got its end"],
    ["text after the dict", `${header("'<f4'", "False", "(2, 3)")}import os`, 'got "\\nimport os"'],
    [
      "a key that comes twice",
      "{'shape': (1,), 'shape': (6,)}",
      'without repeated keys, got "shape"',
    ],
    ["a key that is a number", "{1: 2}", "got 1"],
    ["an unknown key", "{'pickle': True}", 'got "pickle"'],
    ["the key __proto__", "{'__proto__': True}", 'got "__proto__"'],
    ["a million brackets", `{'shape': ${"(".repeat(60000)}`, "got"],
    ["a set", "{'descr'}", 'with ":" here, got "}"'],
    ["two commas", "{'descr': '<f4',, }", 'got ", }"'],
  ])("%s is an error that shows it", async (_, text, got) => {
    const { field, message } = await errorOf(npy(text));
    expect(field).toBe("header");
    expect(message).toContain(got);
  });

  test.each([
    ["a missing descr", "{'fortran_order': False, 'shape': (6,)}", "descr", "got undefined"],
    ["a missing shape", "{'descr': '<f4', 'fortran_order': False}", "shape", "got undefined"],
    ["a number as order", header("'<f4'", "0", "(6,)"), "fortran_order", "True or False, got 0"],
    ["no byte order", header("'f4'", "False", "(6,)"), "descr", 'got "f4"'],
    ["native byte order", header("'=f4'", "False", "(6,)"), "descr", 'got "=f4"'],
    ["4 bytes without order", header("'|f4'", "False", "(6,)"), "descr", 'got "|f4"'],
    ["quadruple precision", header("'<f16'", "False", "(6,)"), "descr", 'astype("float64")'],
    ["Python objects", header("'|O'", "False", "(6,)"), "descr", "a pickle"],
    ["structured types", header("[('a', '<f4')]", "False", "(6,)"), "descr", "Structured types"],
  ])("%s is an error", async (_, text, field, message) => {
    const error = await errorOf(npy(text));
    expect(error.field).toBe(field);
    expect(error.message).toContain(message);
  });

  test("a version or header length that no file has is an error", async () => {
    const good = header("'<f4'", "False", "(6,)");
    expect((await errorOf(npy(good, new Uint8Array(24), [4, 0]))).message).toContain("got 4.0");
    expect((await errorOf(npy(good, new Uint8Array(24), [1, 1]))).message).toContain("got 1.1");
    const lying = npy(good, new Uint8Array(24), [2, 0]);
    lying.fill(0xff, 8, 12);
    expect((await errorOf(lying)).message).toMatch(
      /header length must be at most the \d+ bytes.*, got 4294967295/,
    );
    const long = npy(" ".repeat(70000) + good, new Uint8Array(24), [2, 0]);
    expect((await errorOf(long)).message).toMatch(/header length must be at most 65535, got 700/);
  });

  test("a zero does not hide an absurd size behind it", async () => {
    const none = new Uint8Array(0);
    const file = npy(header("'<f4'", "False", "(0, 4294967296)"), none);
    expect((await readBytes(file)).get("file")!.shape).toEqual([0, 4294967296]);
    const absurd = npy(header("'<f4'", "False", "(0, 4294967296, 4294967296)"), none);
    expect((await errorOf(absurd)).field).toBe("shape");
  });

  test("every shorter version of a file is an error, and so is a longer one", async () => {
    const file = withShape("(2, 3)");
    for (let length = 0; length < file.length; length++) {
      expect((await errorOf(file.subarray(0, length), ".npy")).message).toMatch(
        /^readArrays: file: /,
      );
    }
    expect((await errorOf(new Uint8Array([...file, 0]))).message).toContain(
      "One array per .npy file",
    );
  });

  test("a bool other than 0 and 1 is an error", async () => {
    const text = header("'|b1'", "False", "(3,)");
    const { message } = await errorOf(npy(text, Uint8Array.of(0, 1, 2)));
    expect(message).toBe("readArrays: file: bool values must be 0 or 1, got 2 at [2]");
  });
});

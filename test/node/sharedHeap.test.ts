import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withSharedMemory } from "../../src/node/sharedHeap.js";

const { resolve } = createRequire(import.meta.url);
const heap = new Uint8Array(
  readFileSync(resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm")),
);

const header = [0, 97, 115, 109, 1, 0, 0, 0];
/** Exports memory 0 as "m". */
const exportMemory = [7, 5, 1, 1, 109, 2, 0];
const binary = (...bytes: number[]) => Uint8Array.from([...header, ...bytes]);

describe("withSharedMemory", () => {
  test("changes one byte of tfjs's binary, which stays valid", () => {
    const shared = withSharedMemory(heap);
    const changed = [...shared.keys()].filter((at) => shared[at] !== heap[at]);
    expect(changed.map((at) => [heap[at], shared[at]])).toEqual([[1, 3]]);
    expect(WebAssembly.validate(shared)).toBe(true);
  });

  test("the memory of an instance is shared, with the same limits", () => {
    // A section of 300 bytes before, whose length takes two bytes; 2 to 130 pages.
    const custom = [0, 0xac, 2, 1, 120, ...Array(298).fill(7)];
    const plain = binary(...custom, 5, 5, 1, 1, 2, 0x82, 1, ...exportMemory);
    const memoryOf = (bytes: Uint8Array<ArrayBuffer>) =>
      new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.m as WebAssembly.Memory;
    expect(memoryOf(plain).buffer).toBeInstanceOf(ArrayBuffer);
    const memory = memoryOf(withSharedMemory(plain));
    expect(memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.buffer.byteLength).toBe(2 * 65_536);
    memory.grow(128);
    expect(() => memory.grow(1)).toThrow();
  });

  test.each([
    ["no binary", Uint8Array.of(1, 2, 3), "no WebAssembly binary of version 1"],
    ["another version", Uint8Array.of(0, 97, 115, 109, 2, 0, 0, 0), "of version 1"],
    ["no memory", binary(), "without a memory of its own"],
    ["no limit", binary(5, 3, 1, 0, 2), "a WebAssembly memory with the flag 0"],
    ["shared already", binary(5, 4, 1, 3, 2, 4), "a WebAssembly memory with the flag 3"],
    ["64-bit addresses", binary(5, 4, 1, 5, 2, 4), "a WebAssembly memory with the flag 5"],
    ["two memories", binary(5, 7, 2, 1, 2, 4, 1, 2, 4), "with 2 memories"],
    ["a section beyond the end", binary(1, 100, 0), "cut off"],
    ["a length without an end", binary(1, 128, 128, 128, 128, 128, 0), "cut off"],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => withSharedMemory(bytes)).toThrow(message);
  });

  test("whatever the bytes, it ends, and changes one at most", () => {
    const damaged = fc
      .tuple(
        fc.nat(3000),
        fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      )
      .map(([length, changes]) => {
        const bytes = heap.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          const shared = withSharedMemory(bytes);
          expect(shared.filter((value, at) => value !== bytes[at])).toHaveLength(1);
        } catch (error) {
          expect((error as Error).message).toMatch(/WebAssembly/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

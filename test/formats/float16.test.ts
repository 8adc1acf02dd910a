import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { narrowToBfloat16, widenBfloat16 } from "../../src/formats/bfloat16.js";
import { narrowToFloat16, widenFloat16 } from "../../src/formats/float16.js";

const scratch = new DataView(new ArrayBuffer(4));

function floatOf(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

function bitsOf(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** The definition: sign, exponent of `exponentBits`, fraction with a hidden one unless subnormal. */
function define(half: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = (half >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (half & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias)
    : sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe.each([
  { name: "float16", exponentBits: 5, widen: widenFloat16, narrow: narrowToFloat16 },
  { name: "bfloat16", exponentBits: 8, widen: widenBfloat16, narrow: narrowToBfloat16 },
])("$name", ({ exponentBits, widen, narrow }) => {
  const every = Array.from({ length: 65536 }, (_, half) => half);

  test("every one of the 65,536 has the value of its definition", () => {
    const wrong = every.filter(
      (half) => !Object.is(floatOf(widen(half)), define(half, exponentBits)),
    );
    expect(wrong).toEqual([]);
  });

  test("narrowing undoes widening for every bit pattern, NaNs included", () => {
    expect(every.filter((half) => narrow(widen(half)) !== half)).toEqual([]);
  });

  test("the midpoint of two neighbours goes to the even one, and less or more to the nearer", () => {
    const infinity = (2 ** exponentBits - 1) << (15 - exponentBits);
    const wrong: number[] = [];
    for (let low = 0; low < infinity; low++) {
      const a = define(low, exponentBits);
      // The step that leads out of the finite numbers is as large as the one before it.
      const b =
        low + 1 < infinity ? define(low + 1, exponentBits) : 2 * a - define(low - 1, exponentBits);
      const middle = bitsOf((a + b) / 2);
      const even = low % 2 === 0 ? low : low + 1;
      for (const sign of [0, 0x8000]) {
        const at = (offset: number) => narrow(((sign << 16) | (middle + offset)) >>> 0);
        if (at(0) !== (sign | even) || at(-1) !== (sign | low) || at(1) !== (sign | (low + 1))) {
          wrong.push(sign | low);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("NaN stays NaN, whatever its payload", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x7f800001, max: 0x7fffffff }), fc.boolean(), (bits, minus) => {
        const half = narrow(minus ? (bits | 0x80000000) >>> 0 : bits);
        expect(define(half, exponentBits)).toBeNaN();
        expect(half >= 0x8000).toBe(minus);
      }),
    );
  });

  test("order is kept", () => {
    const finite = fc.float({ noNaN: true });
    fc.assert(
      fc.property(finite, finite, (x, y) => {
        const rounded = [x, y].map((value) => define(narrow(bitsOf(value)), exponentBits));
        expect(Math.sign(x - y) * Math.sign(rounded[0]! - rounded[1]!) || 0).toBeGreaterThanOrEqual(
          0,
        );
      }),
    );
  });
});

test.each([
  ["65504, the largest", 65504, 0x7bff],
  ["65519.99, still below the midpoint", 65519.99, 0x7bff],
  ["65520, the midpoint to 2^16", 65520, 0x7c00],
  ["1e30", 1e30, 0x7c00],
  ["2^-24, the smallest", 2 ** -24, 1],
  ["2^-25, a tie with zero", 2 ** -25, 0],
  ["just above 2^-25", 2 ** -25 * (1 + 2 ** -20), 1],
  ["a float32 subnormal", 1e-40, 0],
  ["-0", -0, 0x8000],
  ["1/3", 1 / 3, 0x3555],
])("float16 of %s", (_, value, half) => {
  expect(narrowToFloat16(bitsOf(value))).toBe(half);
});

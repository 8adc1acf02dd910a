/** CRC-32 of bytes that follow others, whose CRC-32 is `previous`. */
export type Crc32 = (bytes: Uint8Array, previous: number) => number;

/** x^32 modulo the polynomial; here as everywhere the highest bit is the coefficient of x^0. */
const polynomial = 0xedb88320;

/** tables[k][b]: the effect of byte b followed by k zero bytes. */
const tables = makeTables();

type Table = Uint32Array;
type Tables = [Table, Table, Table, Table, Table, Table, Table, Table];

function makeTables(): Tables {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0);
    return value;
  });
  const all = [first];
  while (all.length < 8) {
    all.push(all.at(-1)!.map((value) => (value >>> 8) ^ first[value & 0xff]!));
  }
  return all as Tables;
}

/**
 * CRC-32 as zip uses it. `previous` is the result for the bytes before these, so that a long array is
 * checked piece by piece.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = ~previous;
  let i = 0;
  // Eight bytes a step: the look-ups do not wait for each other.
  for (const end = bytes.length - 7; i < end; i += 8) {
    crc =
      t7[(crc ^ bytes[i]!) & 0xff]! ^
      t6[((crc >>> 8) ^ bytes[i + 1]!) & 0xff]! ^
      t5[((crc >>> 16) ^ bytes[i + 2]!) & 0xff]! ^
      t4[(crc >>> 24) ^ bytes[i + 3]!]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

/**
 * What bytes with the CRC-32 `crc` contribute to that of a whole in which `bytes` more follow them:
 * crc · x^(8 bytes) modulo the polynomial. The CRC-32 of the whole is the exclusive or of all contributions.
 */
export function shiftCrc32(crc: number, bytes: number): number {
  let shifted = crc;
  let power = 1 << 23; // x^8
  // Not by shifting bits: there may be more than 2^32 bytes.
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shifted = multiply(shifted, power);
    power = multiply(power, power);
  }
  return shifted >>> 0;
}

/** Product of two polynomials over {0, 1}, modulo the CRC's. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = (shifted >>> 1) ^ (shifted & 1 ? polynomial : 0);
  }
  return product;
}

/** tables[k][b]: the effect of byte b followed by k zero bytes (polynomial 0xedb88320, reflected). */
const tables = makeTables();

type Table = Uint32Array;
type Tables = [Table, Table, Table, Table, Table, Table, Table, Table];

function makeTables(): Tables {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
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

/** Names of examples; equal texts are equal ids, so that `7`, `7n` and `"7"` are one. */
export type ExampleIds =
  | readonly (string | number | bigint)[]
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** 268 MB of table. */
export const MAX_IDS = 2 ** 24;

/**
 * The ids that have been seen, as 64-bit hashes: 16 to 32 bytes each. Among a million ids two share their hash by chance
 * in one case of 10⁷.
 */
export class SeenIds {
  size = 0;
  /** Open addressing: pairs of words, (0, 0) where there is none. */
  #table = new Uint32Array(2 * 64);

  /** False if it was there already. */
  add(id: string): boolean {
    return this.#insert(...hash(id));
  }

  /** Whether all ids are new; otherwise nothing is added. */
  addAll(other: SeenIds): boolean {
    if (this.sharesAny(other)) return false;
    other.#forEach((high, low) => this.#insert(high, low));
    return true;
  }

  has(id: string): boolean {
    return this.#find(...hash(id)).there;
  }

  sharesAny(other: SeenIds): boolean {
    let any = false;
    other.#forEach((high, low) => {
      any ||= this.#find(high, low).there;
    });
    return any;
  }

  /** High and low words of all hashes, ascending: the same for the same ids in any order. */
  words(): Uint32Array {
    const sorted = new BigUint64Array(this.size);
    let k = 0;
    this.#forEach((high, low) => {
      sorted[k++] = (BigInt(high) << 32n) | BigInt(low);
    });
    sorted.sort();
    const words = new Uint32Array(2 * this.size);
    sorted.forEach((value, i) => {
      words[2 * i] = Number(value >> 32n);
      words[2 * i + 1] = Number(value & 0xffffffffn);
    });
    return words;
  }

  /** Undefined if a hash occurs twice. */
  static fromWords(words: Uint32Array): SeenIds | undefined {
    const seen = new SeenIds();
    for (let k = 0; k < words.length; k += 2) {
      if (!seen.#insert(words[k]!, words[k + 1]!)) return undefined;
    }
    return seen;
  }

  #forEach(visit: (high: number, low: number) => void): void {
    const table = this.#table;
    for (let k = 0; k < table.length; k += 2) {
      if (table[k] !== 0 || table[k + 1] !== 0) visit(table[k]!, table[k + 1]!);
    }
  }

  #find(high: number, low: number) {
    const table = this.#table;
    const places = table.length / 2;
    let at = low & (places - 1);
    while (table[2 * at] !== 0 || table[2 * at + 1] !== 0) {
      if (table[2 * at] === high && table[2 * at + 1] === low) return { at, there: true };
      at = (at + 1) & (places - 1);
    }
    return { at, there: false };
  }

  #insert(high: number, low: number): boolean {
    const { at, there } = this.#find(high, low);
    if (there) return false;
    this.#table[2 * at] = high;
    this.#table[2 * at + 1] = low;
    this.size++;
    if (4 * this.size > this.#table.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = new SeenIds();
    old.#table = this.#table;
    this.#table = new Uint32Array(2 * old.#table.length);
    this.size = 0;
    old.#forEach((high, low) => this.#insert(high, low));
  }
}

/** Two independent 32-bit hashes (the mixing steps of MurmurHash3) of the text; never (0, 0). */
function hash(text: string): [high: number, low: number] {
  let high = 0x2545f491;
  let low = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const word = text.charCodeAt(i);
    high = step(high, word);
    low = step(low, word ^ 0x5bd1e995);
  }
  high = finish(high ^ text.length);
  low = finish(low ^ text.length);
  return high === 0 && low === 0 ? [0, 1] : [high, low];
}

function step(hashed: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  const turned = hashed ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hashed: number): number {
  let value = hashed;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

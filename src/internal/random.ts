/**
 * Seeded random numbers: the same seed gives the same sequence on every machine.
 *
 * The generator is Chris Doty-Humphrey's sfc32 (128 bits of state, passes PractRand); its state is four
 * integers, so that a run can be stopped and taken up again exactly where it was.
 */
export class Random {
  readonly #state: Uint32Array;

  /** @param stream - Separates independent sequences of one seed, e.g. `"order"` and `"weights"`. */
  constructor(seed: number, stream = "") {
    // FNV-1a over the seed and the stream's name gives the starting state.
    let hash = 0x811c9dc5;
    const mix = (byte: number) => {
      hash = Math.imul(hash ^ byte, 0x01000193);
    };
    for (const byte of new Uint8Array(new Float64Array([seed]).buffer)) mix(byte);
    for (let i = 0; i < stream.length; i++) mix(stream.charCodeAt(i));
    this.#state = new Uint32Array([hash, Math.imul(hash, 0x9e3779b1), ~hash, 1]);
    for (let i = 0; i < 20; i++) this.#bits();
  }

  #bits(): number {
    const s = this.#state;
    const a = s[0]!;
    const b = s[1]!;
    const c = s[2]!;
    const result = (a + b + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + result;
    return result;
  }

  /** Uniform on [0, 1), with 53 random bits. */
  uniform(): number {
    return ((this.#bits() >>> 5) * 2 ** 26 + (this.#bits() >>> 6)) / 2 ** 53;
  }

  /** Standard normal (Box–Muller; one of each pair is used, so that there is no hidden second state). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Uniform integer in [0, count). */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Shuffles in place (Fisher–Yates) and returns its argument. */
  shuffle<T extends number[] | Uint32Array>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
    return items;
  }

  /** The four words of state; `setState` takes them up again. */
  getState(): number[] {
    return Array.from(this.#state);
  }

  setState(state: readonly number[]): void {
    this.#state.set(state);
  }
}

/** The numbers 0 … count − 1 in a seeded random order. */
export function permutation(count: number, random: Random): Uint32Array {
  return random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
}

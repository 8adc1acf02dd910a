import { MAX_PAGES } from "./compiledModule.js";
import { FIRST_ADDRESS } from "./processor.js";

const PAGE_BYTES = 65_536;

/** Space in a WebAssembly memory, taken and given back like a stack. */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  #top = FIRST_ADDRESS;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Bytes that can still be taken. */
  get free(): number {
    return MAX_PAGES * PAGE_BYTES - this.#top;
  }

  /** Runs `use` and gives back all that it took. */
  within<T>(use: () => T): T {
    const top = this.#top;
    try {
      return use();
    } finally {
      this.#top = top;
    }
  }

  /** Address of that many bytes, aligned to a cache line; what lies there is left from earlier use. */
  bytes(count: number): number {
    const address = this.#top;
    const end = address + Math.ceil(count / 64) * 64;
    const missing = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (end > MAX_PAGES * PAGE_BYTES) throw outOfMemory(end);
    if (missing > 0) this.#grow(missing, end);
    this.#top = end;
    return address;
  }

  #grow(pages: number, end: number): void {
    try {
      // In larger steps than asked for, since all views have to be made anew after each.
      const reserve = Math.min(
        Math.max(pages, 64),
        MAX_PAGES - this.#memory.buffer.byteLength / PAGE_BYTES,
      );
      this.#memory.grow(reserve);
    } catch {
      throw outOfMemory(end);
    }
  }

  /** Address of that many doubles. */
  doubles(count: number): number {
    return this.bytes(count * 8);
  }

  /** Doubles at an address; valid until more space is taken. */
  view(address: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, count);
  }

  floatView(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  /** Copies numbers in and returns their address. */
  put(numbers: Float64Array): number {
    const address = this.doubles(numbers.length);
    this.view(address, numbers.length).set(numbers);
    return address;
  }

  /** Copies numbers out. */
  take(address: number, count: number): Float64Array {
    // Not slice(), which would keep a view of shared memory shared.
    return new Float64Array(this.view(address, count));
  }
}

const outOfMemory = (bytes: number): RangeError =>
  new RangeError(
    `closerlook: the matrices of one step must fit into 4 GiB of WebAssembly memory that the system can give, got ${bytes} ` +
      "bytes. Compare fewer neurons (pool the maps, or take some of the neurons), or fewer examples where these are fewer",
  );

import type { ByteStore } from "../../src/tfjs/index.js";

/** A store in memory whose process can be made to die in any of its operations. */
export class MemoryStore implements ByteStore {
  readonly entries = new Map<string, Uint8Array>();
  /** Operations that still succeed. */
  life = Number.POSITIVE_INFINITY;
  /** Called for every operation that changes something. */
  #change(effect: () => void, halfway: () => void = () => {}): void {
    if (this.life === 0) halfway();
    if (this.life-- <= 0) throw new Error("killed");
    effect();
  }
  /** Whether a write that is killed leaves half of the bytes, as no store should. */
  tears = false;

  read = async (name: string) => this.entries.get(name)?.slice();
  list = async () => Array.from(this.entries.keys()).toSorted().toReversed();
  write = async (name: string, bytes: Uint8Array) => {
    const half = bytes.slice(0, bytes.length / 2);
    this.#change(
      () => void this.entries.set(name, bytes.slice()),
      () => void (this.tears && this.entries.set(name, half)),
    );
  };
  remove = async (name: string) => this.#change(() => void this.entries.delete(name));
}

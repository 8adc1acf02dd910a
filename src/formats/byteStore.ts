/** Named bytes that outlive the process: a folder, a browser's database, a bucket. */
export interface ByteStore {
  /** The bytes of an entry; undefined if there is none of that name. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Makes an entry, or replaces it, all or nothing: whoever reads finds the old bytes or the new ones. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Names of all entries, in any order. */
  list(): Promise<readonly string[]>;
  /** Removes an entry; nothing happens if there is none of that name. */
  remove(name: string): Promise<void>;
}

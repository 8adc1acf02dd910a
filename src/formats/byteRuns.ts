/** Runs of bytes, all as long and as far apart, such as the same rows of every column. */
export interface ByteRuns {
  /** Where the first run begins. */
  readonly start: number;
  /** Length of each run. */
  readonly bytes: number;
  /** From the start of one run to the start of the next. */
  readonly stride: number;
  readonly count: number;
}

/** Whether the runs are one piece. */
export function areAdjacent({ bytes, stride, count }: ByteRuns): boolean {
  return count <= 1 || bytes === stride;
}

/** The runs one after the other, in memory of their own. */
export function copyRuns(source: ArrayBuffer, runs: ByteRuns): ArrayBuffer {
  const target = new ArrayBuffer(runs.bytes * runs.count);
  placeRuns(source, runs, target, 0);
  return target;
}

/** Puts the runs one after the other into `target`, from byte `at` on. */
export function placeRuns(
  source: ArrayBuffer,
  { start, bytes, stride, count }: ByteRuns,
  target: ArrayBuffer,
  at: number,
): void {
  for (let run = 0; run < count; run++) {
    const from = new Uint8Array(source, start + run * stride, bytes);
    new Uint8Array(target, at + run * bytes, bytes).set(from);
  }
}

import { useThreads } from "../node/index.js";

/** Fewer numbers than this are compared sooner than threads are started. */
const manyNumbers = 2 ** 20;

/** Spreads the work over `count` threads, or over all cores where there is much of it. */
export async function startThreads(count: number | undefined, numbers: number): Promise<void> {
  if (count !== undefined || numbers >= manyNumbers) await useThreads(count);
}

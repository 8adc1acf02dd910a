const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Lets a short piece of work end before a signal takes effect, so that no temporary file stays behind. Elsewhere nothing
 * listens: while the library computes, a listener would have to wait for it, but without one a signal ends the process
 * at once, which a shell reports as 130 for Ctrl-C.
 */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  let caught: NodeJS.Signals | undefined;
  const remember = (signal: NodeJS.Signals) => {
    caught = signal;
  };
  for (const signal of signals) process.on(signal, remember);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, remember);
    if (caught !== undefined) process.kill(process.pid, caught);
  }
}

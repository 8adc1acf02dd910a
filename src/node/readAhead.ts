/**
 * The same values; each next one is asked for before this one is handed out, so that reading goes on while it is used.
 * None is handed out once `signal` is aborted.
 */
export async function* readAhead<T>(
  values: AsyncGenerator<T, void, undefined>,
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  let next = values.next();
  try {
    while (true) {
      const { done, value } = await next;
      if (done) return;
      next = values.next();
      // Its failure is for whoever asks for the next value; until then it is not an unhandled one.
      next.catch(() => {});
      signal?.throwIfAborted();
      yield value;
    }
  } finally {
    await values.return();
  }
}

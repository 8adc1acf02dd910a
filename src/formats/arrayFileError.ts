interface Complaint {
  /** Public function that was called. */
  readonly where: string;
  readonly file: string;
  readonly field: string;
  /** Completes the sentence "field must be …". */
  readonly must: string;
  readonly got: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A file of arrays that cannot be read or written as asked: missing, cut short, damaged, hostile, or of a
 * kind that is not supported. The message says which field of the file is wrong, what it must be, and what it is.
 */
export class ArrayFileError extends Error {
  override readonly name = "ArrayFileError";
  /** Path of the file, as it was given. */
  readonly file: string;
  /** Part of the file that is wrong, e.g. `shape` or `member "fc1": CRC-32`. */
  readonly field: string;

  /** @internal */
  constructor({ where, file, field, must, got, hint = "", cause }: Complaint) {
    super(
      `${where}: ${file}: ${shorten(field)} must be ${must}, got ${shorten(got)}${hint ? `. ${hint}` : ""}`,
      cause === undefined ? undefined : { cause },
    );
    this.file = file;
    this.field = field;
  }
}

/** A hostile file may hold megabytes where a name or a number is expected. */
function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 200)} … ${text.slice(-100)}` : text;
}

/** Makes the error for one field of the file at hand; the caller throws it. */
export type Fail = (
  field: string,
  must: string,
  got: string,
  hint?: string,
  cause?: unknown,
) => ArrayFileError;

/** `Fail` for a file. */
export function failFor(where: string, file: string): Fail {
  return (field, must, got, hint = "", cause) =>
    new ArrayFileError({ where, file, field, must, got, hint, cause });
}

/** `Fail` for a part of a file: its fields are named `part: field`. */
export function failWithin(fail: Fail, part: string): Fail {
  return (field, ...rest) => fail(`${part}: ${field}`, ...rest);
}

/** Runs `make`, which allocates; the engine's refusal becomes an error that names the file. */
export function allocate<T>(bytes: number, fail: Fail, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const must = "small enough for this machine's memory and JavaScript engine";
    throw fail("size", must, `${bytes} bytes`, "", error);
  }
}

/** A mistake in how the command was called: exit code 2. */
export class UsageError extends Error {}

/** Something that the user can mend and that is no mistake of the call: exit code 1. */
export class CommandError extends Error {}

/** A file that is not there. */
export class MissingFile extends CommandError {}

/** Adds what to do from a shell to an error of the library; others pass. */
export function withHint(error: unknown, hint: string): unknown {
  if (!(error instanceof Error)) return error;
  return new CommandError(`${error.message.replace(/\.$/, "")}. ${hint}`, { cause: error });
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** For names of layers that a shell hands over as files. */
export const layersHint = "Layer names stand between commas: --layers fc1,fc2";

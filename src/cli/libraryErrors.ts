import { withHint } from "./errors.js";

/** What the library advises, and what does the same from a shell. */
const advice: readonly (readonly [RegExp, string])[] = [
  [/transpose\(/, "From a shell: --transpose, --transpose-x or --transpose-y"],
  [/Use convSvcca or dftCca/, "From a shell: closerlook conv-svcca or closerlook dft-cca"],
  [/as must be "(dft|samples)"/, "From a shell: --as"],
  [/kernel: "linear"$/, "From a shell: --kernel linear"],
];

/** Runs a part of the library; its errors come back with `inputs` and with advice for the shell. */
export async function inShell<T>(inputs: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { message } = error as Error;
    const hints = advice.filter(([pattern]) => pattern.test(message)).map(([, hint]) => hint);
    throw withHint(error, [...hints, inputs].join(". "));
  }
}

import { withHint } from "./errors.js";

/** How a message of the library says things, and how a shell does. */
const inWordsOfTheShell: readonly (readonly [RegExp, string])[] = [
  [/^similarityGrid: /, "grid: "],
  [/^convSvcca: /, "conv-svcca: "],
  [/^dftCca: /, "dft-cca: "],
  [/^shapeDistance: /, "shape-distance: "],
  [
    /: (stride|components|variance|regularization|bandwidth|permutations|bootstrap) must/,
    ": --$1 must",
  ],
  [/pass transpose\(x\) and transpose\(y\)/, "pass --transpose"],
  [/pass transpose\(x\) or transpose\(y\)/, "pass --transpose-x or --transpose-y"],
  [/pass transpose\(([xy])\)/, "pass --transpose-$1"],
  // Layers of a grid, which have their names there.
  [/pass transpose\(.*$/, "pass --transpose, --transpose-x or --transpose-y"],
  [/Use convSvcca or dftCca for convolutional maps/, "For maps: conv-svcca or dft-cca"],
  [/Use svcca or cca for matrices/, "For matrices: svcca or cca"],
  [/\b(as|kernel): "(\w+)"/g, "--$1 $2"],
];

/** Runs a part of the library; its errors come back with `inputs` and in the words of the shell. */
export async function inShell<T>(inputs: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { message } = error as Error;
    const said = inWordsOfTheShell.reduce(
      (text, [words, ours]) => text.replace(words, ours),
      message,
    );
    throw withHint(new Error(said, { cause: error }), inputs);
  }
}

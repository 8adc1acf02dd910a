import type { Command } from "./command.js";
import { gridCommand } from "./gridCommand.js";
import { inspectCommand } from "./inspectCommand.js";
import type { Option } from "./option.js";
import { help, json, quiet } from "./options.js";
import { pairCommands } from "./pairCommands.js";
import { widthOf, wrap } from "./text.js";

/** Columns that help is written for. */
const width = 80;

/** Options that every command has besides its own. */
export const commonOptions: readonly Option<unknown>[] = [json, quiet, help];

/** Terms and what they mean, the explanations aligned. */
function definitions(items: readonly (readonly [term: string, meaning: string])[]): string {
  const indent = Math.min(26, Math.max(...items.map(([term]) => widthOf(term))) + 4);
  return items
    .map(([term, meaning]) => {
      const lines = wrap(meaning, width - indent);
      const head = `  ${term}`;
      // A long term has a line of its own.
      const fits = widthOf(head) + 2 <= indent;
      const text = lines.join(`\n${" ".repeat(indent)}`);
      return fits ? head.padEnd(indent) + text : `${head}\n${" ".repeat(indent)}${text}`;
    })
    .join("\n");
}

const paragraph = (text: string): string => wrap(text, width).join("\n");

const optionTerm = ({ name, letter, value }: Option<unknown>): string =>
  (letter === undefined ? "" : `-${letter}, `) +
  `--${name}${value === undefined ? "" : ` ${value}`}`;

const described = (option: Option<unknown>) => [optionTerm(option), option.about] as const;

const commandList = (commands: readonly Command[]): string =>
  definitions(commands.map(({ name, usage, summary }) => [`${name} ${usage}`, summary]));

export const generalHelp =
  (): string => `closerlook: how alike are layers of neural networks, from saved activations?

Usage: closerlook COMMAND FILE … [options]

Compare two arrays of activations [examples, neurons]:
${commandList(pairCommands)}

Compare two models:
${commandList([gridCommand])}

Look into files:
${commandList([inspectCommand])}

Files are .npy, .npz or .safetensors. FILE:ARRAY names an array of a file, such
as run.npz:conv1; a file with one array needs no name.

Options of every command:
${definitions([...commonOptions.map(described), ["-V, --version", "print the version"]])}

Examples:
  closerlook svcca a.npy b.npy
  closerlook cka run.npz:conv1 run.npz:fc1 --debiased
  closerlook grid early.npz late.npz --as pooled --svg grid.svg

Exit code: 0 when all went well, 1 on an error, 2 for a call that cannot be
understood, 130 when interrupted.

closerlook COMMAND --help tells more.
`;

export const commandHelp = ({ name, usage, summary, details, example, options }: Command): string =>
  `${paragraph(`closerlook ${name}: ${summary}`)}

Usage: closerlook ${name} ${usage} [options]

${details.map(paragraph).join("\n\n")}

Options:
${definitions([...options, ...commonOptions].map(described))}

Example:
  ${example}
`;

import { type Arguments, readArguments } from "./arguments.js";
import { suggestion } from "./closest.js";
import type { Command } from "./command.js";
import { commands } from "./commands.js";
import { layersHint, messageOf, UsageError } from "./errors.js";
import { commandHelp, commonOptions, generalHelp } from "./helpText.js";
import { help, json, layers, quiet } from "./options.js";
import { Progress } from "./progress.js";
import { printable } from "./text.js";

/** The process that the command runs in. */
export interface Host {
  readonly args: readonly string[];
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly version: () => Promise<string>;
  /** Seconds since any fixed time. */
  readonly elapsed: () => number;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  getColorDepth?(): number;
  write(text: string): unknown;
}

/** Columns of text that goes to a file or another program. */
const defaultColumns = 100;

/** Runs the command that the arguments ask for and returns its exit code. */
export async function run(host: Host): Promise<number> {
  const [name, ...args] = host.args;
  try {
    if (name === "--help" || name === "-h") return print(host, generalHelp());
    if (name === "--version" || name === "-V") return print(host, `${await host.version()}\n`);
    if (name === "help") return print(host, args[0] ? commandHelp(find(args[0])) : generalHelp());
    if (name === undefined) {
      host.stderr.write(generalHelp());
      return 2;
    }
    return await runCommand(host, find(name), args);
  } catch (error) {
    return explain(host, error, name);
  }
}

function find(name: string): Command {
  const command = commands.find((one) => one.name === name);
  if (command) return command;
  if (name.startsWith("-")) {
    throw new UsageError(`the command must come first, got "${name}"`);
  }
  const names = commands.map((one) => one.name);
  throw new UsageError(`there is no command "${name}"${suggestion(name, names)}`);
}

async function runCommand(host: Host, command: Command, given: readonly string[]): Promise<number> {
  const args = readArguments(command.name, given, [...command.options, ...commonOptions]);
  if (args.has(help)) return print(host, commandHelp(command));
  checkFiles(command, args);
  const { stdout, stderr, elapsed } = host;
  const progress = new Progress(stderr, { quiet: args.has(quiet), elapsed });
  const version = await host.version();
  const shell = {
    version,
    progress,
    columns: (stdout.isTTY && stdout.columns) || defaultColumns,
    colorDepth: stdout.isTTY ? (stdout.getColorDepth?.() ?? 1) : 1,
  };
  try {
    const { lines, document, errors = [] } = await command.run(args, shell);
    progress.end();
    if (args.has(json)) {
      const named = { closerlook: version, command: command.name, ...document };
      print(host, `${JSON.stringify(named, plain)}\n`);
    } else if (lines.length > 0) {
      print(host, `${lines.join("\n")}\n`);
    }
    for (const message of errors) complain(host, message);
    return errors.length === 0 ? 0 : 1;
  } finally {
    progress.end();
  }
}

function checkFiles({ name, usage, files: [min, max] }: Command, args: Arguments): void {
  const { files } = args;
  if (files.length >= min && files.length <= max) return;
  const got = files.length === 0 ? "no file" : files.map((file) => `"${file}"`).join(" ");
  const hint = files.length > max && args.has(layers) ? `. ${layersHint}` : "";
  throw new UsageError(`${name}: the files must be ${usage}, got ${got}${hint}`);
}

/** Typed arrays become lists; JSON has no numbers that are not finite, and says null. */
const plain = (_key: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;

function print({ stdout }: Host, text: string): number {
  stdout.write(text);
  return 0;
}

/** One line about what went wrong. */
function complain({ stderr }: Host, message: string): void {
  stderr.write(`closerlook: ${printable(message.replaceAll(/\s*\n\s*/g, " "))}\n`);
}

/** Says why the command ended without a result, and returns the exit code. */
function explain(host: Host, error: unknown, name: string | undefined): number {
  complain(host, messageOf(error));
  if (!(error instanceof UsageError)) return 1;
  const known = commands.some((command) => command.name === name);
  host.stderr.write(`Try: closerlook ${known ? `${name} ` : ""}--help\n`);
  return 2;
}

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.js";
import { commonOptions } from "../../src/cli/helpText.js";
import { writeArrays } from "../../src/node/index.js";
import { activations, closerlook } from "../cli/command.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(project, file), "utf8");
const guide = read("docs/command.md");

interface Call {
  readonly title: string;
  readonly args: readonly string[];
  /** What the text says that it prints. */
  readonly output?: string;
}

/** The calls of the command in the shell blocks of a text; a block of text right below one is its output. */
function callsOf(file: string, text: string): Call[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm)].flatMap(
    ([, block = "", output]) => {
      const lines = block.split("\n").filter((line) => /^(npx )?closerlook /.test(line));
      return lines.map((line, i) => {
        const [, call = ""] = /^(?:npx )?closerlook ([^|>#]*)/.exec(line)!;
        const args = [...call.matchAll(/'([^']*)'|(\S+)/g)].map(
          ([, quoted, word]) => quoted ?? word!,
        );
        const isLast = i === lines.length - 1;
        return {
          title: `${file}: ${line}`,
          args,
          ...(isLast && output !== undefined && { output }),
        };
      });
    },
  );
}

const calls = ["docs/command.md", "docs/guide-activations.md", "README.md"].flatMap((file) =>
  callsOf(file, read(file)),
);

let folder = "";
const startFolder = process.cwd();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "closerlook-docs-"));
  process.chdir(folder);
  const a = activations(1, [500, 8]);
  await writeArrays("a.npy", { a });
  await writeArrays("b.npy", { b: activations(2, [500, 6], undefined) });
  await writeArrays("c.npy", { c: activations(3, [500, 8], a) });
  const shapes = { conv1: [500, 6, 6, 4], conv2: [500, 3, 3, 6], fc1: [500, 12], fc2: [500, 5] };
  type Model = Record<string, ReturnType<typeof activations>>;
  const model = (seed: number, base?: Model): Model =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape], i) => [
        name,
        activations(seed + i, shape, base?.[name], 1 / (i + 0.4)),
      ]),
    );
  const early = model(10);
  await writeArrays("early.npz", early);
  await writeArrays("late.safetensors", model(20, early), { metadata: { epoch: "12" } });
  await writeArrays("late.npz", model(20, early));
}, 60_000);

afterAll(async () => {
  process.chdir(startFolder);
  await rm(folder, { recursive: true, force: true });
});

describe("the calls in the guides", () => {
  for (const { title, args, output } of calls) {
    test(title, async () => {
      const { code, stdout, stderr } = await closerlook(args);
      expect([code, stderr]).toEqual([0, ""]);
      if (output !== undefined) expect(stdout).toBe(output);
      for (const [i, arg] of args.entries()) {
        if (arg === "--svg" || arg === "--png") expect(existsSync(args[i + 1]!)).toBe(true);
      }
    });
  }

  test("are many, and several show their output", () => {
    expect(calls.length).toBeGreaterThanOrEqual(15);
    expect(calls.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(3);
  });
});

describe("docs/command.md", () => {
  test("has every command and every option, and no other", () => {
    const options = new Set(
      [...commands.flatMap((command) => command.options), ...commonOptions].map(
        ({ name }) => `--${name}`,
      ),
    );
    const named = new Set([...guide.matchAll(/`(--[a-z-]+)/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual([...options, "--version"].sort());
    for (const { name } of commands) expect(guide).toContain(`\`${name}\``);
  });

  test("has each command in its shell blocks", () => {
    const used = new Set(callsOf("guide", guide).map(({ args }) => args[0]));
    for (const { name } of commands) expect(used).toContain(name);
  });
});

import { describe, expect, test } from "vitest";
import { readArguments } from "../../src/cli/arguments.js";
import { commands } from "../../src/cli/commands.js";
import { commonOptions } from "../../src/cli/helpText.js";
import { closerlook } from "./command.js";

describe("help", () => {
  test("of the whole names every command, the exit codes and how arrays are named", async () => {
    const { code, stdout, stderr } = await closerlook(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(commands.length).toBeGreaterThanOrEqual(11);
    for (const { name, usage } of commands) expect(stdout).toContain(`\n  ${name} ${usage}  `);
    expect(stdout).toContain("FILE:ARRAY");
    expect(stdout).toMatch(/Exit code: 0 .* 1 on an error, 2 .* 130/s);
    expect(await closerlook(["-h"])).toEqual({ code, stdout, stderr });
    expect(await closerlook(["help"])).toEqual({ code, stdout, stderr });
  });

  test.each(commands.map((command) => [command.name, command] as const))(
    "of %s names each of its options",
    async (name, { options }) => {
      const { code, stdout, stderr } = await closerlook([name, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      for (const option of [...options, ...commonOptions]) {
        const value = option.value === undefined ? "" : ` ${option.value}`;
        expect(stdout).toMatch(new RegExp(`^  (-\\w, )?--${option.name}${value}( {2}|$)`, "m"));
      }
      expect(await closerlook(["help", name])).toEqual({ code, stdout, stderr });
    },
  );

  test("of each command ends with an example, which its own options and files fit", async () => {
    for (const { name, options, files } of commands) {
      const { stdout } = await closerlook([name, "--help"]);
      const [, args = ""] = new RegExp(`\\nExample:\\n  closerlook ${name} (.+)\\n$`).exec(stdout)!;
      const read = readArguments(name, args.split(" "), options);
      expect(read.files.length).toBeGreaterThanOrEqual(files[0]);
      expect(read.files.length).toBeLessThanOrEqual(files[1]);
    }
  });

  test("fits into a terminal of 80 columns", async () => {
    for (const args of [["--help"], ...commands.map(({ name }) => [name, "--help"])]) {
      const { stdout } = await closerlook(args);
      expect(stdout.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
    }
  });
});

test("--version prints the version alone", async () => {
  for (const option of ["--version", "-V"]) {
    expect(await closerlook([option])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  }
});

test("without a command the help goes to stderr, and the exit code is 2", async () => {
  const { code, stdout, stderr } = await closerlook([]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Usage: closerlook COMMAND");
});

describe("a call that cannot be understood is one line, where to look, and exit code 2", () => {
  const general = "Try: closerlook --help";
  const grid = "Try: closerlook grid --help";
  const svcca = "Try: closerlook svcca --help";
  test.each<[args: string, message: string, hint: string]>([
    ["svca a b", 'there is no command "svca". Did you mean svcca?', general],
    ["frobnicate", 'there is no command "frobnicate"', general],
    ["help svca", 'there is no command "svca". Did you mean svcca?', general],
    ["--json svcca", 'the command must come first, got "--json"', general],
    ["svcca", "svcca: the files must be X Y, got no file", svcca],
    ["svcca a", 'svcca: the files must be X Y, got "a"', svcca],
    ["svcca a b c", 'svcca: the files must be X Y, got "a" "b" "c"', svcca],
    ["grid a b c", 'grid: the files must be X [Y], got "a" "b" "c"', grid],
    [
      "svcca a b --varience 1",
      "svcca: there is no option --varience. Did you mean --variance?",
      svcca,
    ],
    ["svcca a b -z", "svcca: there is no option -z", svcca],
    ["svcca a b --variance", "svcca: --variance needs a value: --variance NUMBER", svcca],
    ["svcca a b --variance --json", "svcca: --variance needs a value: --variance NUMBER", svcca],
    [
      "svcca a b --variance= ",
      'svcca: --variance must be a finite number > 0 and <= 1, got ""',
      svcca,
    ],
    [
      "svcca a b --variance much",
      'svcca: --variance must be a finite number > 0 and <= 1, got "much"',
      svcca,
    ],
    [
      "svcca a b --variance -1",
      "svcca: --variance must be a finite number > 0 and <= 1, got -1",
      svcca,
    ],
    ["svcca a b --components 1.5", "svcca: --components must be an integer >= 1, got 1.5", svcca],
    ["svcca a b --threads 0", "svcca: --threads must be an integer >= 1 and <= 256, got 0", svcca],
    ["svcca a b --json=yes", 'svcca: --json takes no value, got "yes"', svcca],
    ["svcca a b --variance 1 --variance 1", "svcca: --variance must be given once", svcca],
    [
      "svcca a b --variance 1 --components 1",
      "svcca: --variance and --components exclude each other",
      svcca,
    ],
    ["svcca a b --seed 1", "svcca: --seed must go with --permutations or --bootstrap", svcca],
    ["svcca a b --level .9 --permutations 9", "svcca: --level must go with --bootstrap", svcca],
    ["svcca a b --as dft", "svcca: there is no option --as. For maps: conv-svcca", svcca],
    [
      "grid a b fc2 --layers fc1",
      'grid: the files must be X [Y], got "a" "b" "fc2". Layer names stand between commas: --layers fc1,fc2',
      grid,
    ],
    ["grid a --svg x.PNG", 'grid: --svg must be a file that ends in .svg, got "x.PNG"', grid],
    [
      "conv-svcca a b",
      "conv-svcca: --as must be given: dft, samples or pooled",
      "Try: closerlook conv-svcca --help",
    ],
    [
      "conv-svcca a b --as dft --stride 2",
      "conv-svcca: --stride must go with --as samples",
      "Try: closerlook conv-svcca --help",
    ],
    [
      "cka a b --bandwidth 1",
      "cka: --bandwidth must go with --kernel rbf",
      "Try: closerlook cka --help",
    ],
    [
      "grid a --measure ckaa",
      'grid: --measure must be one of "svcca", "cca", "pwcca", "cka", "rsa", "procrustes", "shape-distance", got "ckaa"',
      grid,
    ],
    ["grid a --alpha 1", "grid: --alpha must go with --measure shape-distance, got svcca", grid],
    ["grid a --kernel rbf", "grid: --kernel must go with --measure cka, got svcca", grid],
    [
      "grid a --measure cka --as dft",
      "grid: --as dft must go with --measure svcca or cca, got cka",
      grid,
    ],
    ["inspect", "inspect: the files must be FILE …, got no file", "Try: closerlook inspect --help"],
  ])("%s", async (args, message, hint) => {
    const { code, stdout, stderr } = await closerlook(args.split(" "));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")).toEqual([`closerlook: ${message}`, hint, ""]);
  });
});

test("after -- a name may begin with a dash", async () => {
  const { code, stderr } = await closerlook(["svcca", "--", "-a.npy", "-b.npy"]);
  expect(code).toBe(1);
  expect(stderr).toContain("closerlook: svcca: -a.npy: no such file");
});

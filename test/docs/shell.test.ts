import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { reproduce } from "../examples/reproduceProcess.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const path = temporaryFolder();
/** Other test files may use the machine as well. */
const PATIENCE = 240_000;
const root = fileURLToPath(new URL("../..", import.meta.url));
const guide = readFileSync(join(root, "docs/guide-reproducing.md"), "utf8");
const blocks = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);

/** Stand-ins for the programs of the blocks, which keep how they were called. Nothing is computed here. */
const programs: Record<string, string> = {
  npm: `
case "$*" in
  ci) exit ;;
  "run reproduce") shift 2 ;;
  "run reproduce -- "*) shift 3 ;;
  "run --silent reproduce -- "*) shift 4 ;;
  *) exit 9 ;;
esac
node --import tsx examples/reproduce.ts "$@"`,
  node: `
case "$*" in
  "--import tsx examples/reproduce.ts"*--list) printf 'to do     one-1\\nto do     two-2\\n\\nto do     three-3\\n' ;;
  "--import tsx examples/reproduce.ts"*) ;;
  *) exit 9 ;;
esac`,
  sbatch: "echo 7",
  parallel: "cat > /dev/null",
  kubectl: `
for word; do
  case $word in
    *.yaml) [ -f "$word" ] || exit 9 ;;
    --from-file=*) [ -s "\${word#*=}" ] || exit 9 ;;
  esac
done`,
};

/** What reproduce would not understand of its arguments, by its own help. */
function mistakes(help: string, args: readonly string[]): string[] {
  const valueName = new Map(
    [...help.matchAll(/^ {2}--(\w+)( [A-Z]+)?/gm)].map(([, name, value]) => [name!, value]),
  );
  const oneOf: Record<string, string> = {
    preset: /--preset NAME .*: (.*) \(/.exec(help)![1]!,
    backend: /--backend NAME +(.*) \(/.exec(help)![1]!.replace(" or ", ", "),
  };
  const found: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    const name = word.slice(2);
    if (!word.startsWith("--")) {
      if (!help.includes(`\n  ${word}   `)) found.push(word);
    } else if (!valueName.has(name)) found.push(word);
    else if (valueName.get(name)) {
      const value = args[++i];
      if (oneOf[name] && !oneOf[name].split(", ").includes(value!)) found.push(`${word} ${value}`);
    }
  }
  return found;
}

describe("the shell blocks of docs/guide-reproducing.md", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(path("shell-"));
    await symlink(join(root, "examples"), join(folder, "examples"));
    for (const [name, text] of Object.entries(programs)) {
      const keep = `echo "${name} $*" >> "$HERE/calls"`;
      await writeFile(join(folder, name), `#!/bin/bash\n${keep}\n${text}\n`);
      await chmod(join(folder, name), 0o755);
    }
  });

  test.each(blocks)("%s", (block) => {
    const { status, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", block], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        HERE: folder,
        PATH: `${folder}${delimiter}${process.env.PATH}`,
      },
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("call all that there is to call, with arguments that reproduce knows", {
    timeout: PATIENCE,
  }, async () => {
    const calls = (await readFile(join(folder, "calls"), "utf8")).trimEnd().split("\n");
    for (const name of Object.keys(programs)) {
      expect(calls.some((call) => call.startsWith(`${name} `))).toBe(true);
    }
    expect(await readFile(join(folder, "keys.txt"), "utf8")).toBe("one-1\ntwo-2\nthree-3\n");

    const { stdout: help } = await reproduce(["--help"]);
    const called = calls.flatMap((call) => /^node .*reproduce\.ts ?(.*)/.exec(call)?.[1] ?? []);
    expect(called.length).toBeGreaterThan(8);
    for (const args of called) {
      expect(mistakes(help, args.split(" ").filter(Boolean)), args).toEqual([]);
    }
    const wrong = "x99 --preset huge --backend wasm --fast --out o x01 --list --only k";
    expect(mistakes(help, wrong.split(" "))).toEqual(["x99", "--preset huge", "--fast"]);
  });

  test("stand between links to files that exist", () => {
    for (const [, file] of guide.matchAll(/\]\((?!http|#)([^)#]+)/g)) {
      expect(existsSync(join(root, "docs", file!)), file).toBe(true);
    }
  });
});

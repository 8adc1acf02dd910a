#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { run } from "./run.js";

const version = async (): Promise<string> =>
  JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")).version;

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) ends the program and is no error.
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(`closerlook: the output cannot be written: ${error.message}\n`);
    process.exit(1);
  });
}

// Not `process.exit`, which would cut off what is still on its way into a pipe.
process.exitCode = await run({
  args: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  version,
  elapsed: () => process.uptime(),
});

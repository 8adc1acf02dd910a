import { access, constants } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { failFor } from "../formats/index.js";
import { replaceFile } from "../node/replaceFile.js";
import type { Figure } from "../plot/index.js";
import type { Arguments } from "./arguments.js";
import { CommandError, UsageError } from "./errors.js";
import { uninterrupted } from "./interrupts.js";
import { png, svg } from "./options.js";

/** Finds out before the work, rather than after it, that a picture could not be written. */
export async function checkPictures(where: string, args: Arguments): Promise<void> {
  const wanted = [args.get(svg), args.get(png)].filter((file) => file !== undefined);
  const inputs = args.files.map((file) => resolve(file));
  for (const file of wanted) {
    if (inputs.includes(resolve(file))) {
      throw new UsageError(`${where}: a picture must not replace what is read, got "${file}"`);
    }
    await access(dirname(file), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw new CommandError(
        `${where}: the folder of "${file}" must be one that can be written to (${error.code})`,
      );
    });
  }
  if (wanted.length === 2 && resolve(wanted[0]!) === resolve(wanted[1]!)) {
    throw new UsageError(`${where}: --svg and --png must be two files, got "${wanted[0]}" twice`);
  }
  if (args.has(png)) {
    const { renderPng } = await import("../plot/index.js");
    await renderPng('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
  }
}

/** Programs believe the end of a name; a name without one is left as it is. */
export function checkExtensions(where: string, args: Arguments): void {
  for (const option of [svg, png]) checkExtension(where, option.name, args.get(option));
}

function checkExtension(where: string, format: string, file = ""): void {
  const extension = extname(file).toLowerCase();
  if (extension === "" || extension === `.${format}`) return;
  throw new UsageError(
    `${where}: --${format} must be a file that ends in .${format}, got "${file}"`,
  );
}

/** Draws the pictures that were asked for; returns the files. */
export async function writePictures(
  where: string,
  args: Arguments,
  figure: () => Promise<Figure>,
): Promise<string[]> {
  const [svgFile, pngFile] = [args.get(svg), args.get(png)];
  if (svgFile === undefined && pngFile === undefined) return [];
  const { renderPng, renderSvg } = await import("../plot/index.js");
  const picture = renderSvg(await figure());
  const files: [string, Uint8Array][] = [];
  if (svgFile !== undefined) files.push([svgFile, new TextEncoder().encode(`${picture}\n`)]);
  if (pngFile !== undefined) files.push([pngFile, await renderPng(picture)]);
  await uninterrupted(async () => {
    for (const [file, bytes] of files) await replaceFile(file, [bytes], failFor(where, file));
  });
  return files.map(([file]) => file);
}

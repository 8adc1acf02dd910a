import { basename } from "node:path";
import type { Figure } from "../plot/index.js";
import type { SimilarityGrid, SimilarityGridOptions } from "../similarity/index.js";
import type { Arguments } from "./arguments.js";
import type { Output, Shell } from "./command.js";
import { contentsOf, elementsOf, type StoredArray } from "./contents.js";
import { CommandError, UsageError } from "./errors.js";
import { gridOptions, measure } from "./gridOptions.js";
import { gridReport } from "./gridReport.js";
import { chooseLayers, readLayers } from "./layers.js";
import { arrangeAs } from "./layout.js";
import { inShell } from "./libraryErrors.js";
import { as, layers, layersX, layersY, threads, title, transposeX, transposeY } from "./options.js";
import { checkPictures, writePictures } from "./pictures.js";
import { shapeText } from "./text.js";
import { startThreads } from "./threads.js";

/** Reads the layers of two models and compares each with each. */
export async function compareGrid(args: Arguments, shell: Shell): Promise<Output> {
  const name = args.get(measure) ?? "svcca";
  const options = gridOptions(args, name);
  const { progress } = shell;
  const [fileX, fileY = fileX] = args.files as [string, string?];
  const chosenX = await choose(fileX, args.get(layersX) ?? args.get(layers));
  const chosenY = await choose(fileY, args.get(layersY) ?? args.get(layers));
  checkLayers(args, fileX, chosenX);
  checkLayers(args, fileY, chosenY);
  await checkPictures("grid", args);

  const read = async (file: string, chosen: readonly StoredArray[], side: "x" | "y") => {
    let done = 0;
    progress.start(`reading ${file}`);
    return readLayers(file, chosen, arrangeAs(args, side), () => {
      progress.update(++done, chosen.length);
    });
  };
  const x = await read(fileX, chosenX, "x");
  const isSame =
    fileX === fileY &&
    args.has(transposeX) === args.has(transposeY) &&
    chosenX.length === chosenY.length &&
    chosenX.every((layer, i) => layer.name === chosenY[i]!.name);
  const y = isSame ? x : await read(fileY, chosenY, "y");

  const numbers = [...chosenX, ...chosenY].reduce((sum, layer) => sum + elementsOf(layer), 0);
  await startThreads(args.get(threads), numbers);
  const { similarityGrid } = await import("../similarity/index.js");
  progress.start(`${name} of ${x.size} × ${y.size} layers`);
  const grid = await inShell(
    `layersX is ${fileX}, layersY is ${fileY}; --layers chooses among their layers`,
    () =>
      similarityGrid(x, y, {
        ...options,
        onProgress: (done: number, total: number) => progress.update(done, total),
      } as SimilarityGridOptions),
  );

  const [examples = 0] = x.values().next().value!.shape;
  const report = gridReport({ measure: name, grid, examples, fileX, fileY }, shell);
  const written = await writePictures("grid", args, () => {
    progress.start("drawing");
    return figureOf(grid, { fileX, fileY, caption: report.caption, title: args.get(title) });
  });
  return {
    lines: [
      ...report.lines,
      ...(written.length > 0 ? ["", ...written.map((file) => `written: ${file}`)] : []),
    ],
    document: {
      x: { file: fileX },
      y: { file: fileY },
      examples,
      options,
      ...grid,
      warnings: report.warnings,
      written,
    },
  };
}

async function choose(file: string, wanted: readonly string[] | undefined) {
  const { arrays } = await contentsOf("grid", file);
  return chooseLayers("grid", file, arrays, wanted);
}

/** What is no layer is found out before gigabytes are read. */
function checkLayers(args: Arguments, file: string, chosen: readonly StoredArray[]): void {
  const other = chosen.find(({ shape }) => shape.length !== 2 && shape.length !== 4);
  if (other !== undefined) {
    throw new CommandError(
      `grid: "${other.name}" of ${file} must be [examples, neurons] or [examples, height, width, channels], ` +
        `got ${shapeText(other.shape)}. Choose the layers with --layers`,
    );
  }
  const maps = chosen.find(({ shape }) => shape.length === 4);
  if (maps === undefined || args.has(as)) return;
  throw new UsageError(
    `grid: --as must be given for maps such as "${maps.name}": dft, samples or pooled`,
  );
}

async function figureOf(
  grid: SimilarityGrid,
  {
    fileX,
    fileY,
    title: heading,
    caption,
  }: { fileX: string; fileY: string; title: string | undefined; caption: string },
): Promise<Figure> {
  const { heatmap } = await import("../plot/index.js");
  const isDistance = grid.measure === "procrustes";
  const panel = heatmap(grid, {
    rowLabel: basename(fileX),
    columnLabel: basename(fileY),
    colorLabel: isDistance ? "normalized squared Procrustes distance" : grid.measure.toUpperCase(),
    domain: isDistance ? [0, 2] : [0, 1],
  });
  return { ...(heading !== undefined && { title: heading }), caption, panels: [panel] };
}

import { basename } from "node:path";
import type { Figure } from "../plot/index.js";
import type { SimilarityGrid, SimilarityGridOptions } from "../similarity/index.js";
import type { Arguments } from "./arguments.js";
import { channelsWarning } from "./channelsOrder.js";
import type { Output, Shell } from "./command.js";
import { contentsOf, elementsOf, type StoredArray } from "./contents.js";
import { CommandError, layersHint, MissingFile, UsageError, withHint } from "./errors.js";
import { type GridMeasure, gridOptions, measure } from "./gridOptions.js";
import { gridReport } from "./gridReport.js";
import { scaleOf } from "./gridScale.js";
import { chooseLayers, readLayers } from "./layers.js";
import { arrangeAs, transposeHint } from "./layout.js";
import { inShell } from "./libraryErrors.js";
import { as, layers, layersX, layersY, threads, title, transposeX, transposeY } from "./options.js";
import { checkExtensions, checkPictures, writePictures } from "./pictures.js";
import { shapeText } from "./text.js";
import { startThreads } from "./threads.js";

/** Reads the layers of two models and compares each with each. */
export async function compareGrid(args: Arguments, shell: Shell): Promise<Output> {
  const name = args.get(measure) ?? "svcca";
  const options = gridOptions(args, name);
  checkExtensions("grid", args);
  const { progress } = shell;
  const [fileX, fileY = fileX] = args.files as [string, string?];
  const chosenX = await choose(fileX, args.get(layersX) ?? args.get(layers));
  const chosenY = await choose(fileY, args.get(layersY) ?? args.get(layers)).catch(
    (error: unknown) => {
      // In `--layers fc1 fc2` the second name is a file.
      const isLayer = error instanceof MissingFile && chooses(args);
      throw isLayer ? withHint(error, layersHint) : error;
    },
  );
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

  const onlyY = isSame ? [] : chosenY;
  const order = [
    ...channelsWarning(args, named(fileX, chosenX)),
    ...channelsWarning(args, named(fileY, onlyY)),
  ];
  const [examples = 0] = x.values().next().value!.shape;
  const hint = transposeHint(args, [...x.values(), ...y.values()]);
  const report = gridReport(
    { measure: name, grid, examples, fileX, fileY, before: order, hint },
    shell,
  );
  const written = await writePictures("grid", args, () => {
    progress.start("drawing");
    return figureOf(grid, {
      measure: name,
      fileX,
      fileY,
      caption: report.caption,
      title: args.get(title),
    });
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

const chooses = (args: Arguments): boolean =>
  [layers, layersX, layersY].some((option) => args.has(option));

/** Layers by the names that tell those of one file from those of another. */
const named = (file: string, chosen: readonly StoredArray[]): StoredArray[] =>
  chosen.map((layer) => ({ ...layer, name: `"${layer.name}" of ${file}` }));

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
    measure,
    fileX,
    fileY,
    title: heading,
    caption,
  }: {
    measure: GridMeasure;
    fileX: string;
    fileY: string;
    title: string | undefined;
    caption: string;
  },
): Promise<Figure> {
  const { heatmap } = await import("../plot/index.js");
  const { domain, distances } = scaleOf(measure);
  const panel = heatmap(grid, {
    rowLabel: basename(fileX),
    columnLabel: basename(fileY),
    colorLabel: distances ?? measure.toUpperCase(),
    domain,
  });
  return { ...(heading !== undefined && { title: heading }), caption, panels: [panel] };
}

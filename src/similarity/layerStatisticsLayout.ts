import type { MapsAs } from "./convSvcca.js";
import type { Wiring } from "./layerStatisticsMoments.js";
import { type Frequency, frequencies } from "./spectrum.js";

/** One layer as its batches show it. */
export interface LayerShape {
  readonly side: "x" | "y";
  readonly name: string;
  /** Of one example: `[neurons]` or `[height, width, channels]`. */
  readonly shape: readonly number[];
}

/** The frequencies of a grid on which a layer is compared with others; its own or a smaller one. */
export interface FrequencyGrid {
  readonly height: number;
  readonly width: number;
  readonly frequencies: readonly Frequency[];
  /** Index of the feature matrix of the first frequency; the others follow. */
  readonly firstFeature: number;
}

export interface LaidOutLayer extends LayerShape {
  /** Index of its feature matrix; with `as: "dft"` there is one for each frequency of each grid. */
  readonly firstFeature: number;
  readonly grids: readonly FrequencyGrid[];
}

/** What is compared in one cell: a single pair of feature matrices, or one for each frequency. */
export interface LaidOutPair {
  readonly x: number;
  readonly y: number;
  /** Index of the pair among those of the moments. */
  readonly pair: number;
  readonly frequency?: Frequency;
}

/** How layers become feature matrices, and which of these are compared. */
export interface Layout {
  readonly layersX: readonly LaidOutLayer[];
  readonly layersY: readonly LaidOutLayer[];
  /** Texts without spaces, unique, for the arrays of a feature matrix in a file. */
  readonly labels: readonly string[];
  readonly pairs: readonly (readonly (readonly LaidOutPair[])[])[];
  readonly wiring: Wiring;
}

/** A matrix is a map with one position. */
export function mapSize(shape: readonly number[]) {
  const [height, width] = shape.length === 3 ? (shape as [number, number, number]) : [1, 1];
  return { height, width, channels: shape.at(-1)! };
}

export function layOut(
  shapesX: readonly LayerShape[],
  shapesY: readonly LayerShape[],
  as: MapsAs | undefined,
): Layout {
  const columns: number[] = [];
  const labels: string[] = [];
  const add = (size: number, label: string) => {
    labels.push(label);
    return columns.push(size) - 1;
  };
  const place = (layer: LayerShape, index: number, others: readonly LayerShape[]): LaidOutLayer => {
    const { channels } = mapSize(layer.shape);
    const label = `${layer.side}${index}`;
    const firstFeature = columns.length;
    if (as !== "dft") {
      add(channels, label);
      return { ...layer, firstFeature, grids: [] };
    }
    const grids = commonGrids(layer, others).map(({ height, width }) => {
      const list = frequencies(height, width);
      const first = columns.length;
      for (const { u, v, weight } of list) {
        add(weight * channels, `${label}.${height}x${width}.${u}.${v}`);
      }
      return { height, width, frequencies: list, firstFeature: first };
    });
    return { ...layer, firstFeature, grids };
  };
  const layersX = shapesX.map((layer, i) => place(layer, i, shapesY));
  const layersY = shapesY.map((layer, i) => place(layer, i, shapesX));
  const wired: [number, number][] = [];
  const wire = (x: number, y: number, frequency?: Frequency): LaidOutPair => ({
    x,
    y,
    pair: wired.push([x, y]) - 1,
    ...(frequency && { frequency }),
  });
  const pairs = layersX.map((x) =>
    layersY.map((y) => {
      if (as !== "dft") return [wire(x.firstFeature, y.firstFeature)];
      const { height, width } = smaller(x, y);
      const [gridX, gridY] = [gridOf(x, height, width), gridOf(y, height, width)];
      return gridX.frequencies.map((frequency, k) =>
        wire(gridX.firstFeature + k, gridY.firstFeature + k, frequency),
      );
    }),
  );
  return {
    layersX,
    layersY,
    labels,
    pairs,
    wiring: { columns, pairs: wired, debiased: as !== "dft" },
  };
}

/** The grid on which two layers are compared. */
function smaller(a: LayerShape, b: LayerShape) {
  const [sizeA, sizeB] = [mapSize(a.shape), mapSize(b.shape)];
  return {
    height: Math.min(sizeA.height, sizeB.height),
    width: Math.min(sizeA.width, sizeB.width),
  };
}

function commonGrids(layer: LayerShape, others: readonly LayerShape[]) {
  const grids = new Map<string, { height: number; width: number }>();
  for (const other of others) {
    const grid = smaller(layer, other);
    grids.set(`${grid.height} ${grid.width}`, grid);
  }
  return [...grids.values()];
}

const gridOf = ({ grids }: LaidOutLayer, height: number, width: number): FrequencyGrid =>
  grids.find((grid) => grid.height === height && grid.width === width)!;

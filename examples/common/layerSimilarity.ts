import type { SimilarityGrid } from "closerlook/similarity";
import { captureActivations, weightsOf } from "closerlook/tfjs";
import type { Preset } from "./experiment.js";
import type { Images } from "./images.js";
import { mean } from "./mean.js";
import { isLayerOutput, type network } from "./networks.js";

type Model = ReturnType<typeof network>;

/** How the maps of convolutions become features. Layers of different size have no positions in common. */
export const mapsAs: Readonly<Record<Preset, "pooled" | "dft">> = {
  quick: "pooled",
  cpu: "pooled",
  paper: "dft",
};

/** The same for the caption of a figure. */
export const describeMaps = (preset: Preset): string =>
  `convolutions ${mapsAs[preset] === "pooled" ? "average-pooled" : "by frequency"}`;

/** Outputs of all layers of the model with these weights. */
export async function layerOutputs(model: Model, weights: Float32Array, { x }: Images) {
  weightsOf(model).write(weights);
  const layers = await captureActivations(model, x, { layers: ({ name }) => isLayerOutput(name) });
  // Finite weights, as a run that diverged has left them, may give outputs that are not.
  for (const { data } of Object.values(layers)) if (!data.every(Number.isFinite)) data.fill(0);
  return layers;
}

/** Mean over grids of the same layers, cell by cell. */
export function averageGrid(grids: readonly Pick<SimilarityGrid, "rows" | "columns" | "values">[]) {
  const { rows, columns } = grids[0]!;
  return {
    rows,
    columns,
    values: rows.map((_, i) =>
      columns.map((_, j) => mean(grids.map(({ values }) => values[i]![j]!))),
    ),
  };
}

/** Similarity of each layer with itself at the other moment, for the layers whose names match. */
export const diagonal = ({ rows, values }: SimilarityGrid, match = /./): number[] =>
  rows.flatMap((name, i) => (match.test(name) ? [values[i]![i]!] : []));

/** ‖ΔW‖/‖W‖ of each layer with weights whose name matches, kernel and bias together. */
export const relativeChanges = (
  model: Model,
  before: Float32Array,
  after: Float32Array,
  match = /./,
): number[] =>
  weightsOf(model)
    .layers.filter(({ name, variables }) => match.test(name) && variables.length > 0)
    .map(({ variables }) => {
      let [change, size] = [0, 0];
      for (const { offset, size: length } of variables) {
        for (let at = offset; at < offset + length; at++) {
          change += (after[at]! - before[at]!) ** 2;
          size += before[at]! ** 2;
        }
      }
      return Math.sqrt(change / size);
    });

import type { ExperimentInput, Preset } from "./experiment.js";
import { familyData } from "./familyImages.js";
import { resnetShape, tinyResnetShape, tinyShape, vggShape } from "./networkShapes.js";
import type { WarmupFamily, WarmupSettings } from "./warmupFamily.js";

// The factor between the two learning rates is that between the batches, × 50 in the paper and × 10 at `quick`. At `cpu` it is
// × 10 for batches of × 5: the pilot's setting, whose large batch does not train without warmup.

/** Experiments X9 and X10. */
export const vggSettings: Readonly<Record<Preset, WarmupSettings>> = {
  // Seconds, on 14 × 14 grey images. The stack of FC layers sees 3 × 3 × 32 features: with a third pool, 16 features
  // and layers of 32, every large-batch run collapses at this rate, the warmed-up one as well, and there is nothing to
  // compare. docs/results/warmup.md lists all settings that were tried.
  quick: {
    network: tinyShape(true),
    trainingImagesPerClass: 100,
    testImages: 2000,
    epochs: 12,
    smallBatch: 10,
    smallBatchRate: 0.05,
    largeBatch: 100,
    largeBatchRate: 0.5,
    warmupUpdates: 60,
    milestones: [7, 10, 11],
    momentum: 0.9,
    weightDecay: 5e-4,
    seeds: [0, 1, 2],
  },
  // Ten updates of the large batch in an epoch, as in the paper.
  cpu: {
    network: vggShape(11, { narrower: 8, batchNormalization: true }),
    trainingImagesPerClass: 500,
    testImages: 2000,
    epochs: 24,
    smallBatch: 100,
    smallBatchRate: 0.05,
    largeBatch: 500,
    largeBatchRate: 0.5,
    warmupUpdates: 80,
    milestones: [14, 20, 22],
    momentum: 0.9,
    weightDecay: 5e-4,
    seeds: [0, 1, 2],
  },
  // Without batch norm, whose FC stack overflows at this rate, and with the initial kernels of the code that the paper builds
  // on: He's make the loss overflow in the second update.
  paper: {
    network: vggShape(11, { dropout: 0.5 }),
    kernels: { rule: "he-fan-out", factor: 1 },
    trainingImagesPerClass: 5000,
    testImages: 10_000,
    augment: {},
    epochs: 300,
    smallBatch: 100,
    smallBatchRate: 0.05,
    largeBatch: 5000,
    microBatch: 500,
    largeBatchRate: 2.5,
    warmupUpdates: 200,
    milestones: [60, 120, 150],
    momentum: 0.9,
    weightDecay: 5e-4,
    seeds: [0],
  },
};

/** Experiment X11: the same at twice the learning rates, network by network. */
export const resnetSettings: Readonly<Record<Preset, Readonly<Record<string, WarmupSettings>>>> = {
  quick: {
    "ResNet-8/4": {
      ...vggSettings.quick,
      network: tinyResnetShape,
      smallBatchRate: 0.1,
      largeBatchRate: 1,
      epochs: 6,
      warmupUpdates: 20,
      milestones: [4, 5],
      seeds: [0],
    },
  },
  cpu: Object.fromEntries(
    ([8, 14] as const).map((depth) => [
      `ResNet-${depth}/2`,
      {
        ...vggSettings.cpu,
        network: resnetShape(depth, { narrower: 2 }),
        smallBatchRate: 0.1,
        largeBatchRate: 1,
        seeds: [0],
      },
    ]),
  ),
  paper: Object.fromEntries(
    ([18, 32] as const).map((depth) => {
      const { kernels: _, ...common } = vggSettings.paper;
      return [
        `ResNet-${depth}`,
        { ...common, network: resnetShape(depth), smallBatchRate: 0.1, largeBatchRate: 5 },
      ];
    }),
  ),
};

/** The runs of experiments X9 and X10. */
export const vggFamily = (input: ExperimentInput): WarmupFamily =>
  familyOf("warmup", vggSettings[input.preset], input);

/** The runs of experiment X11, by network. */
export const resnetFamilies = (input: ExperimentInput): [net: string, family: WarmupFamily][] =>
  Object.entries(resnetSettings[input.preset]).map(([net, settings]) => [
    net,
    familyOf(`warmup-${net.toLowerCase().replace("/", "-")}`, settings, input),
  ]);

/** The family on the images of the set, its network for their shape. */
function familyOf(id: string, settings: WarmupSettings, input: ExperimentInput): WarmupFamily {
  const { images, network } = familyData(settings, input);
  return { id, settings: { ...settings, network }, images, environment: input.environment };
}

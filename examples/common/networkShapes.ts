/** A network of the VGG kind: convolutions and pools in a row, then a stack of fully connected layers. */
export interface VggShape {
  readonly input: ImageShape;
  /** Filters of each 3 × 3 convolution; `"M"` is a 2 × 2 max-pool with stride 2. */
  readonly features: readonly (number | "M")[];
  /** Widths of the fully connected layers; the last gives the logits. */
  readonly classifier: readonly number[];
  readonly batchNormalization: boolean;
  /** Share of the inputs of each fully connected layer but the last that is dropped while training; none if absent. */
  readonly dropout?: number;
}

/**
 * A residual network: a 3 × 3 convolution, stages of blocks of two 3 × 3 convolutions each, the mean of every map, and
 * one fully connected layer. Batch normalisation follows every convolution, which has no bias therefore.
 */
export interface ResnetShape {
  readonly input: ImageShape;
  readonly stages: readonly ResnetStage[];
  /**
   * What is added to a block's output where its input has another shape: every second pixel, with maps of zeros
   * appended, or a 1 × 1 convolution.
   */
  readonly shortcut: "zeros" | "projection";
  readonly classes: number;
}

interface ResnetStage {
  readonly blocks: number;
  readonly filters: number;
  /** Of the first block; 2 halves the image. */
  readonly stride: 1 | 2;
}

export type NetworkShape = VggShape | ResnetShape;

export type ImageShape = readonly [height: number, width: number, channels: number];

const CIFAR: ImageShape = [32, 32, 3];
const CLASSES = 10;

const vggFeatures = {
  11: [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
  16: [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
} as const;

export interface VggOptions {
  /** Divides the width of every layer but the last. */
  readonly narrower?: 1 | 2 | 4 | 8;
  readonly batchNormalization?: boolean;
  readonly dropout?: number;
}

/** VGG-11 or VGG-16 for CIFAR-10: 8 or 13 convolutions and 3 fully connected layers. */
export function vggShape(
  depth: keyof typeof vggFeatures,
  { narrower = 1, batchNormalization = false, dropout }: VggOptions = {},
): VggShape {
  return {
    input: CIFAR,
    features: vggFeatures[depth].map((part) => (part === "M" ? part : part / narrower)),
    classifier: [512 / narrower, 512 / narrower, CLASSES],
    batchNormalization,
    ...(dropout !== undefined && { dropout }),
  };
}

/** A small relative of VGG-16 for 32 × 32 images: 4 convolutions and 3 fully connected layers. */
export const miniShape = (batchNormalization: boolean): VggShape => ({
  input: CIFAR,
  features: [16, "M", 32, "M", 64, 64, "M"],
  classifier: [64, 64, CLASSES],
  batchNormalization,
});

/**
 * The smallest relative, for grey images of 14 × 14 pixels: 3 convolutions and 3 fully connected layers. Two pools leave 3 × 3
 * pixels; with a third, and one pixel, it hardly trains.
 */
export const tinyShape = (batchNormalization: boolean): VggShape => ({
  input: [14, 14, 1],
  features: [8, "M", 16, "M", 32],
  classifier: [64, 64, CLASSES],
  batchNormalization,
});

const cifarWidths = [16, 32, 64];

/** Blocks of each stage, and its filters. The kind for CIFAR has 6 · blocks + 2 layers. */
const resnetStages = {
  8: { blocks: 1, widths: cifarWidths },
  14: { blocks: 2, widths: cifarWidths },
  18: { blocks: 2, widths: [64, 128, 256, 512] },
  32: { blocks: 5, widths: cifarWidths },
};

function stage(blocks: number, filters: number, index: number): ResnetStage {
  return { blocks, filters, stride: index === 0 ? 1 : 2 };
}

/** ResNet-8, -14 or -32 of the kind for CIFAR, or ResNet-18 without its first pool; widths may be divided. */
export function resnetShape(
  depth: keyof typeof resnetStages,
  { narrower = 1 }: Pick<VggOptions, "narrower"> = {},
): ResnetShape {
  const { blocks, widths } = resnetStages[depth];
  return {
    input: CIFAR,
    stages: widths.map((width, i) => stage(blocks, width / narrower, i)),
    shortcut: depth === 18 ? "projection" : "zeros",
    classes: CLASSES,
  };
}

/** ResNet-8 with a quarter of the widths, for grey images of 16 × 16 pixels. */
export const tinyResnetShape: ResnetShape = {
  ...resnetShape(8, { narrower: 4 }),
  input: [16, 16, 1],
};

export const isResnet = (shape: NetworkShape): shape is ResnetShape => "stages" in shape;

/** For people. */
export function describeNetwork(shape: NetworkShape): string {
  if (isResnet(shape)) {
    const convolutions = 1 + shape.stages.reduce((sum, { blocks }) => sum + 2 * blocks, 0);
    const [first, last] = [shape.stages[0]!, shape.stages.at(-1)!];
    return `residual network of ${convolutions} convolutions, ${first.filters} to ${last.filters} wide, and 1 FC layer, with batch norm`;
  }
  const { features, classifier, batchNormalization, dropout } = shape;
  const convolutions = features.filter((part) => part !== "M").length;
  return (
    `${convolutions} convolutions and ${classifier.length} FC layers` +
    `${batchNormalization ? " with batch norm" : ", no batch norm"}${dropout ? `, dropout ${dropout}` : ""}`
  );
}

/** Floating-point operations of one forward pass of one image: two for each multiply-add of kernels. */
export const forwardFlops = (shape: NetworkShape): number =>
  isResnet(shape) ? resnetFlops(shape) : vggFlops(shape);

function vggFlops({ input, features, classifier }: VggShape): number {
  let [height, width, channels] = input;
  let total = 0;
  for (const filters of features) {
    if (filters === "M") {
      height = Math.floor(height / 2);
      width = Math.floor(width / 2);
    } else {
      total += 2 * 9 * height * width * channels * filters;
      channels = filters;
    }
  }
  let inputs = height * width * channels;
  for (const units of classifier) {
    total += 2 * inputs * units;
    inputs = units;
  }
  return total;
}

function resnetFlops({ input, stages, shortcut, classes }: ResnetShape): number {
  let [height, width, channels] = input;
  const convolution = (size: number, filters: number) =>
    2 * size ** 2 * height * width * channels * filters;
  const stem = stages[0]!.filters;
  let total = convolution(3, stem);
  channels = stem;
  for (const { blocks, filters, stride } of stages) {
    for (let block = 0; block < blocks; block++) {
      const first = block === 0;
      if (first) {
        height = Math.ceil(height / stride);
        width = Math.ceil(width / stride);
        const changes = stride > 1 || channels !== filters;
        if (changes && shortcut === "projection") total += convolution(1, filters);
      }
      total += convolution(3, filters);
      channels = filters;
      total += convolution(3, filters);
    }
  }
  return total + 2 * channels * classes;
}

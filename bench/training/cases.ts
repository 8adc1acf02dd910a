import { resnetShape, type VggOptions, vggShape } from "../../examples/common/networkShapes.js";
import type { Convolution, Product, Step, Work } from "./work.js";

export type PeerName = "composed" | "cpu" | "torch";

/** What is to be reached: on any number of threads, or by number of threads. */
export type ByThreads = number | Readonly<Record<number, number>>;

export interface Case {
  readonly name: string;
  readonly work: Work;
  /** Others that do the same work. */
  readonly peers: readonly PeerName[];
  /** Other work of ours, in the same run, to compare the rate with. */
  readonly references?: Readonly<Record<string, Work>>;
  /** Compare the rate also with ours on one thread, and with that of the bare kernel of the products. */
  readonly isKernel: boolean;
  readonly aims?: {
    /** How many times as fast as a peer. */
    readonly peers?: Partial<Record<PeerName, ByThreads>>;
    /** Our rate over that of a reference. */
    readonly references?: Readonly<Record<string, ByThreads>>;
    /** Our rate over the bare kernel's. */
    readonly bareKernel?: ByThreads;
  };
}

/** The reference that every kernel has. */
export const ONE_THREAD = "one thread";

const BATCH = 100;

const results = ["output", "input gradient", "filter gradient"] as const;

const convolutions: readonly Case[] = (
  [
    [32, 3, 16],
    [32, 16, 16],
    [32, 64, 64],
    [16, 128, 128],
    [8, 256, 256],
    [4, 512, 512],
  ] as const
).flatMap(([size, inputs, outputs]) =>
  results.map((result) => ({
    ...convolution({ kind: "convolution", result, batch: BATCH, size, inputs, outputs }),
    aims: { bareKernel: { 1: 0.8 }, references: { [ONE_THREAD]: { 2: 1.8, 4: 3 } } },
  })),
);

function convolution(work: Convolution): Case {
  const { size, inputs, outputs, result } = work;
  const name = `convolution ${size}x${size} ${inputs}->${outputs} ${result}`;
  return { name, work, peers: ["composed"], isKernel: true };
}

const products = (size: number): readonly Case[] =>
  ([undefined, "first", "second"] as const).map((transposed) => {
    const work: Product = { kind: "product", size, ...(transposed && { transposed }) };
    const name = `product ${size} ${transposed ? `${transposed} transposed` : "plain"}`;
    return { name, work, peers: ["composed"], isKernel: true };
  });

/** At the same number of threads. */
const OF_TORCH = 0.4;
const PLAIN_STEP = "a plain step";
const WITHOUT_NORM = "without batch norm";
const NARROW_VGG = "VGG-16 /4";

const step = (network: Step["network"], batch = BATCH): Step => ({ kind: "step", network, batch });

function vggStep(depth: 11 | 16, narrower: NonNullable<VggOptions["narrower"]>): Case {
  // The cpu backend takes minutes for a step of the wider ones.
  const cpu = depth === 16 && narrower >= 4;
  return {
    name: `step of VGG-${depth}${narrower > 1 ? ` /${narrower}` : ""}`,
    work: step(vggShape(depth, { narrower })),
    peers: cpu ? ["composed", "cpu", "torch"] : ["composed", "torch"],
    isKernel: false,
    aims: {
      peers: {
        torch: OF_TORCH,
        ...(depth === 16 && narrower === 4 && { composed: { 1: 1.7, 2: 3, 4: 5 }, cpu: { 1: 50 } }),
      },
    },
  };
}

function normalizedVggStep(depth: 11 | 16, narrower: NonNullable<VggOptions["narrower"]>): Case {
  return {
    name: `${vggStep(depth, narrower).name} with batch norm`,
    work: step(vggShape(depth, { narrower, batchNormalization: true })),
    peers: ["composed", "torch"],
    references: { [WITHOUT_NORM]: step(vggShape(depth, { narrower })) },
    isKernel: false,
    aims: { peers: { torch: OF_TORCH }, references: { [WITHOUT_NORM]: 0.85 } },
  };
}

function curveStep(depth: 16, narrower: NonNullable<VggOptions["narrower"]>): Case {
  const plain = step(vggShape(depth, { narrower }));
  return {
    name: `curve ${vggStep(depth, narrower).name}`,
    work: { ...plain, curve: true },
    peers: ["composed"],
    references: { [PLAIN_STEP]: plain },
    isKernel: false,
    // A curve takes at most 1.15 times as long.
    aims: { references: { [PLAIN_STEP]: 0.87 } },
  };
}

/** A frozen stack is to take no longer, but for the noise of a machine. */
const NO_LONGER = 0.98;

function frozenStep(frozen: NonNullable<Step["frozen"]>, aim: number): Case {
  const plain = step(vggShape(16, { narrower: 4 }));
  return {
    name: `step of ${NARROW_VGG}, ${frozen} frozen`,
    work: { ...plain, frozen },
    peers: ["composed"],
    references: { [PLAIN_STEP]: plain },
    isKernel: false,
    aims: { references: { [PLAIN_STEP]: aim } },
  };
}

const resnetStep = (depth: 14 | 32): Case => ({
  name: `step of ResNet-${depth}`,
  work: step(resnetShape(depth)),
  peers: ["composed", "torch"],
  references: { [NARROW_VGG]: step(vggShape(16, { narrower: 4 })) },
  isKernel: false,
  aims: { peers: { torch: OF_TORCH }, references: { [NARROW_VGG]: 0.6 } },
});

const steps: readonly Case[] = [
  ...([8, 4, 2, 1] as const).flatMap((narrower) => [
    vggStep(16, narrower),
    normalizedVggStep(16, narrower),
  ]),
  curveStep(16, 4),
  frozenStep("classifier", NO_LONGER),
  // Two thirds of the work of a step is the gradient.
  frozenStep("convolutions", 2),
  vggStep(11, 1),
  resnetStep(14),
  resnetStep(32),
];

export const cases: readonly Case[] = [...convolutions, ...products(1024), ...steps];

const tinyVgg = { input: [6, 6, 3], features: [4, "M", 6], classifier: [8, 5] } as const;

/** One of every kind, small enough for a test: answers count, not times. */
export const quickCases: readonly Case[] = [
  ...results.map((result) =>
    convolution({ kind: "convolution", result, batch: 3, size: 5, inputs: 3, outputs: 4 }),
  ),
  products(12)[1]!,
  {
    name: "step of a tiny VGG with batch norm",
    work: step({ ...tinyVgg, batchNormalization: true }, 6),
    peers: ["composed", "cpu", "torch"],
    references: { [WITHOUT_NORM]: step({ ...tinyVgg, batchNormalization: false }, 6) },
    isKernel: false,
  },
  {
    name: "curve step of a tiny VGG",
    work: { ...step({ ...tinyVgg, batchNormalization: true }, 6), curve: true },
    peers: ["composed"],
    references: { [PLAIN_STEP]: step({ ...tinyVgg, batchNormalization: true }, 6) },
    isKernel: false,
  },
  ...(["classifier", "convolutions"] as const).map(
    (frozen): Case => ({
      name: `step of a tiny VGG, ${frozen} frozen`,
      work: { ...step({ ...tinyVgg, batchNormalization: true }, 6), frozen },
      peers: ["composed"],
      references: { [PLAIN_STEP]: step({ ...tinyVgg, batchNormalization: true }, 6) },
      isKernel: false,
    }),
  ),
  {
    name: "step of a tiny ResNet",
    work: step(
      {
        input: [6, 6, 3],
        stages: [
          { blocks: 1, filters: 4, stride: 1 },
          { blocks: 1, filters: 6, stride: 2 },
        ],
        shortcut: "zeros",
        classes: 5,
      },
      6,
    ),
    peers: ["composed", "torch"],
    isKernel: false,
  },
];

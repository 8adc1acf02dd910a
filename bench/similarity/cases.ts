import type { Activations } from "./activations.js";

type PeerName = "google" | "gram";

/** What is to be reached on one thread and on all of them, both sides alike; either may be left open. */
interface Aim {
  readonly one?: number;
  readonly all?: number;
}

export interface Case {
  readonly name: string;
  readonly measure: "svcca" | "dftCca" | "eigen" | "streamed";
  /** Activations, or the size of a symmetric matrix. */
  readonly data: Activations | number;
  readonly peers: readonly PeerName[];
  /** Compute it also by one pass over the files. */
  readonly alsoStreamed?: boolean;
  readonly aims?: {
    /** How many times as fast as a peer. */
    readonly ratios?: Partial<Record<PeerName, Aim>>;
    readonly seconds?: Aim;
    readonly peakMegabytes?: number;
  };
}

const matrix = (examples: number, neurons: number, layers = 1): Activations => ({
  examples,
  layer: [neurons],
  layers,
});

const main: readonly Case[] = [
  {
    name: "svcca 10000x512",
    measure: "svcca",
    data: matrix(10_000, 512),
    peers: ["google", "gram"],
    aims: { ratios: { google: { one: 2.5, all: 5 }, gram: { one: 0.45 } } },
  },
  {
    name: "svcca 50000x512",
    measure: "svcca",
    data: matrix(50_000, 512),
    peers: ["google", "gram"],
    aims: { ratios: { google: { one: 6, all: 10 } } },
  },
  {
    name: "svcca 10000x1024",
    measure: "svcca",
    data: matrix(10_000, 1024),
    peers: ["google", "gram"],
    aims: { ratios: { google: { one: 2.5, all: 4 } } },
  },
  {
    name: "dft-cca 1000x16x16x64",
    measure: "dftCca",
    data: { examples: 1000, layer: [16, 16, 64], layers: 1 },
    peers: ["google", "gram"],
    aims: { ratios: { google: { one: 4, all: 7 } } },
  },
  {
    name: "grid of 16x16 layers 10000x256",
    measure: "svcca",
    data: matrix(10_000, 256, 16),
    peers: ["google", "gram"],
    aims: { ratios: { google: { one: 15, all: 30 } } },
  },
  {
    name: "symmetric eigen 512",
    measure: "eigen",
    data: 512,
    peers: ["gram"],
    aims: { seconds: { one: 0.12 } },
  },
];

/** How the cost grows with the examples: in memory, and in one pass over files. */
const byExamples: readonly Case[] = [1e3, 1e4, 1e5, 1e6].map((examples) => ({
  name: `growth with examples ${examples}x256`,
  measure: "svcca",
  data: matrix(examples, 256),
  peers: [],
  alsoStreamed: true,
}));

/** How the cost grows with the neurons. */
const byNeurons: readonly Case[] = [64, 128, 256, 512, 1024, 2048].map((neurons) => ({
  name: `growth with neurons 10000x${neurons}`,
  measure: "svcca",
  data: matrix(10_000, neurons),
  peers: ["gram"],
}));

const streaming: Case = {
  name: "streaming 1000000x512",
  measure: "streamed",
  data: matrix(1_000_000, 512),
  peers: ["gram"],
  aims: { peakMegabytes: 400 },
};

export const cases: readonly Case[] = [...main, ...byExamples, ...byNeurons, streaming];

/** One of every kind, small enough for a test: answers count, not times. */
export const quickCases: readonly Case[] = [
  {
    name: "svcca 400x24",
    measure: "svcca",
    data: matrix(400, 24),
    peers: ["google", "gram"],
    alsoStreamed: true,
  },
  {
    name: "dft-cca 100x4x6x5",
    measure: "dftCca",
    data: { examples: 100, layer: [4, 6, 5], layers: 1 },
    peers: ["google", "gram"],
  },
  {
    name: "grid of 2x2 layers 300x16",
    measure: "svcca",
    data: matrix(300, 16, 2),
    peers: ["google", "gram"],
  },
  { name: "symmetric eigen 32", measure: "eigen", data: 32, peers: ["gram"] },
  { name: "streaming 3000x16", measure: "streamed", data: matrix(3000, 16), peers: ["gram"] },
];

/** Our side of the bench of similarity, in a process of its own. */
import { readArray, useThreads } from "closerlook/node";
import { dftCca, similarityGrid, svcca } from "closerlook/similarity";
import { peakMegabytes } from "../machine.js";
import { serve } from "../serve.js";
import type { Run, Task } from "../side.js";
import type { Answer, SimilarityTask } from "./compare.js";
import { streamedSvcca } from "./streamed.js";

/** How the layers of a measure come in, and what is then timed. */
interface Measure<Layer> {
  load(path: string): Layer | Promise<Layer>;
  compute(x: readonly Layer[], y: readonly Layer[]): Answer | Promise<Answer>;
}

async function load(path: string) {
  const { data, shape } = await readArray(path);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new TypeError(`${path}: must hold floating-point numbers`);
  }
  return { data, shape };
}

type Layer = Awaited<ReturnType<typeof load>>;

const svccaOfLayers: Measure<Layer> = {
  load,
  compute(x, y) {
    if (x.length > 1 || y.length > 1) return grid(x, y);
    const { similarity, keptX, keptY } = svcca(x[0]!, y[0]!);
    return { values: [similarity], kept: [[keptX, keptY]] };
  },
};

function grid(x: readonly Layer[], y: readonly Layer[]): Answer {
  const named = (layers: readonly Layer[]) =>
    new Map(layers.map((layer, i) => [`layer ${i}`, layer]));
  return { values: similarityGrid(named(x), named(y)).values.flat(), kept: [] };
}

const dftCcaOfMaps: Measure<Layer> = {
  load,
  compute: ([x], [y]) => ({ values: [dftCca(x!, y!).similarity], kept: [] }),
};

/** No public function: taken from the source, which has threads of its own. */
async function symmetricEigen(threads: number): Promise<Measure<Layer>> {
  const { linearAlgebra } = await import("../../src/kernels/index.js");
  const source = await import("../../src/node/useThreads.js");
  await source.useThreads(threads);
  return {
    load,
    compute([matrix]) {
      const data = matrix!.data as Float64Array<ArrayBuffer>;
      const [rows, columns] = matrix!.shape as [number, number];
      const { values } = linearAlgebra.symmetricEigen({ data, rows, columns });
      return { values: Array.from(values, (value) => value / values[0]!), kept: [] };
    },
  };
}

/** Files that need not fit into memory: reading them is part of the time. */
const streamed: Measure<string> = {
  load: (path) => path,
  compute: ([x], [y]) => streamedSvcca(x!, y!),
};

const measures = {
  svcca: () => svccaOfLayers,
  dftCca: () => dftCcaOfMaps,
  eigen: symmetricEigen,
  streamed: () => streamed,
};

await serve(async (given: Task) => {
  const task = given as SimilarityTask;
  const { threads: our_threads, kernels, fusedMultiplyAdd } = await useThreads(task.threads);
  const measure: Measure<unknown> =
    await measures[task.measure as keyof typeof measures](our_threads);
  const x = await Promise.all(task.x.map(measure.load));
  const y = await Promise.all(task.y.map(measure.load));
  return {
    environment: { our_threads, kernels, fused_multiply_add: fusedMultiplyAdd },
    async perform(request): Promise<Run<Answer>> {
      const count = request === "warm" ? 1 : undefined;
      const start = performance.now();
      const answer = await measure.compute(x.slice(0, count), y.slice(0, count));
      const seconds = (performance.now() - start) / 1000;
      return { seconds, spent: seconds, answer, peakMegabytes: peakMegabytes() };
    },
  };
});

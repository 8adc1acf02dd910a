import { useBackend } from "closerlook/node";
import { weightsOf } from "closerlook/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ExperimentContext, ExperimentReport } from "../../examples/common/experiment.js";
import { pick } from "../../examples/common/images.js";
import type { Finished, Job } from "../../examples/common/jobs.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { FC_STACK, vgg } from "../../examples/common/networks.js";
import { momentsOf, type RunName } from "../../examples/common/warmupFamily.js";
import { warmupSettings } from "../../examples/common/warmupSettings.js";
import { x09 } from "../../examples/x09-warmup.js";
import { x10 } from "../../examples/x10-freeze.js";

const settings = warmupSettings.quick;

/**
 * A training run that was made up: accuracy before and after the end of the warmup, and by how much of a second
 * network's FC stack its own has moved by then.
 */
interface MadeUp {
  readonly during: number;
  readonly after: number;
  readonly fcMoved: number;
}

type Story = Readonly<Record<RunName, MadeUp>>;

/** The paper's story, and its opposite. */
const asInPaper: Story = {
  SB: { during: 0.9, after: 0.95, fcMoved: 0.01 },
  LB: { during: 0.1, after: 0.5, fcMoved: 1 },
  "LB+W": { during: 0.8, after: 0.95, fcMoved: 0.02 },
  "LB+freeze": { during: 0.8, after: 0.95, fcMoved: 0 },
};
const theOpposite: Story = {
  SB: { during: 0.9, after: 0.95, fcMoved: 1 },
  LB: { during: 0.9, after: 0.95, fcMoved: 0.01 },
  "LB+W": { during: 0.1, after: 0.5, fcMoved: 1 },
  "LB+freeze": { during: 0.5, after: 0.9, fcMoved: 0.001 },
};

/** A context whose results tell the story; `except` changes it for one seed. */
async function contextOf(story: Story, except?: { seed: number; story: Story }) {
  const { train, test: held } = await mnistDigits();
  const first = (images: typeof train, length: number) =>
    pick(
      images,
      Uint32Array.from({ length }, (_, i) => i),
    );
  const model = vgg(settings.network, 0);
  const { layers, read } = weightsOf(model);
  const start = read();
  const fc = layers.filter(({ name }) => FC_STACK.test(name)).flatMap((layer) => layer.variables);
  model.dispose();
  const another = vgg(settings.network, 1);
  const other = weightsOf(another).read();
  another.dispose();
  const moved = (share: number) => {
    const flat = start.slice();
    for (const { offset, size } of fc) {
      for (let i = offset; i < offset + size; i++) {
        flat[i] = (1 - share) * flat[i]! + share * other[i]!;
      }
    }
    return flat;
  };
  const context = {
    preset: "quick",
    data: { train: first(train, 500), test: first(held, 300) },
    environment: {},
    async result({ name }: Job) {
      const [, run, seed] = /^warmup-(.*)-seed(\d)$/.exec(name) as unknown as [0, RunName, string];
      const told = except?.seed === Number(seed) ? except.story : story;
      const { during, after, fcMoved } = told[run];
      const moments = momentsOf(settings, run);
      return {
        numbers: {
          run,
          seed: Number(seed),
          testAccuracy: [...Array(6).fill(during), ...Array(6).fill(after)],
          trainLoss: Array(12).fill(1),
          updates: moments.end,
        },
        weights: async (name) => (name === "update0" ? start : moved(fcMoved)),
      } satisfies Finished;
    },
  };
  return context as unknown as ExperimentContext;
}

const verdicts = ({ checks }: ExperimentReport) =>
  Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));

beforeAll(async () => {
  await useBackend("wasm");
});

describe("X9", () => {
  test("holds where runs behave as in the paper, and draws its four figures", async () => {
    const report = await x09.report(await contextOf(asInPaper));
    // Convolutions that did not move have similarity 1: nothing can rise above it.
    const { "X9.c": _, ...others } = verdicts(report);
    expect(others).toEqual({
      "X9.a": "holds",
      "X9.b": "holds",
      "X9.d": "holds",
      "X9.e": "holds",
      "X9.f": "holds",
      "X9.g": "holds",
    });
    expect(Object.keys(report.figures)).toEqual([
      "fig4a-accuracy",
      "fig4b-learning-rate",
      "fig4c-cca-by-layer",
      "fig5-cca",
    ]);
  });

  test("does not hold where they behave the other way round; the schedule is exact all the same", async () => {
    const no = "does not hold";
    const { "X9.c": _, ...others } = verdicts(await x09.report(await contextOf(theOpposite)));
    expect(others).toEqual({
      "X9.a": no,
      "X9.b": no,
      "X9.d": no,
      "X9.e": no,
      "X9.f": no,
      "X9.g": "holds",
    });
  });
});

describe("X10", () => {
  test("holds where the frozen run behaves as in the paper", async () => {
    expect(verdicts(await x10.report(await contextOf(asInPaper)))).toEqual({
      "X10.a": "holds",
      "X10.b": "holds",
      "X10.c": "holds",
      "X10.d": "holds",
    });
  });

  test("does not hold where it does not; weights that moved at all were not frozen", async () => {
    expect(verdicts(await x10.report(await contextOf(theOpposite)))).toEqual({
      "X10.a": "holds",
      "X10.b": "does not hold",
      "X10.c": "does not hold",
      "X10.d": "does not hold",
    });
  });

  test("is not decided where one of the seeds disagrees", async () => {
    const context = await contextOf(asInPaper, { seed: 1, story: theOpposite });
    expect(verdicts(await x10.report(context))).toEqual({
      "X10.a": "holds",
      "X10.b": "not decided",
      "X10.c": "not decided",
      "X10.d": "not decided",
    });
  });
});

import { useBackend } from "closerlook/node";
import { weightsOf } from "closerlook/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ExperimentContext, ExperimentReport } from "../../examples/common/experiment.js";
import { pick } from "../../examples/common/images.js";
import type { Finished, Job } from "../../examples/common/jobs.js";
import { layerOutputs } from "../../examples/common/layerSimilarity.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { tinyShape } from "../../examples/common/networkShapes.js";
import { FC_STACK, network } from "../../examples/common/networks.js";
import {
  accuracyOfRun,
  momentsOf,
  type RunName,
  type WarmupSettings,
} from "../../examples/common/warmupFamily.js";
import { resnetSettings, vggSettings } from "../../examples/common/warmupSettings.js";
import { x09 } from "../../examples/x09-warmup.js";
import { x10 } from "../../examples/x10-freeze.js";
import { x11 } from "../../examples/x11-resnets.js";

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
async function contextOf(
  story: Story,
  except?: { seed: number; story: Story },
  settings: WarmupSettings = vggSettings.quick,
) {
  const { train, test: held } = await mnistDigits();
  const first = (images: typeof train, length: number) =>
    pick(
      images,
      Uint32Array.from({ length }, (_, i) => i),
    );
  const model = network(settings.network, 0);
  const { layers, read } = weightsOf(model);
  const start = read();
  const fc = layers.filter(({ name }) => FC_STACK.test(name)).flatMap((layer) => layer.variables);
  model.dispose();
  const another = network(settings.network, 1);
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
      const [, run, seed] = /-(SB|LB|LB\+W|LB\+freeze)-seed(\d)$/.exec(name) as unknown as [
        0,
        RunName,
        string,
      ];
      const told = except?.seed === Number(seed) ? except.story : story;
      const { during, after, fcMoved } = told[run];
      const moments = momentsOf(settings, run);
      return {
        numbers: {
          run,
          seed: Number(seed),
          testAccuracy: Array.from({ length: settings.epochs }, (_, epoch) =>
            10 * epoch < settings.warmupUpdates ? during : after,
          ),
          trainLoss: Array(settings.epochs).fill(1),
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

describe("X11", () => {
  const settings = resnetSettings.quick["ResNet-8/4"]!;

  test("judges each network by itself and draws a panel for it", async () => {
    const report = await x11.report(await contextOf(asInPaper, undefined, settings));
    expect(verdicts(report)).toEqual({
      "X11.a.8": "holds",
      "X11.b.8": "holds",
      "X11.c.8": "holds",
    });
    expect(report.figures["fig15-resnets"]!.panels).toHaveLength(1);
  });

  test("does not hold where the frozen run is no better", async () => {
    expect(verdicts(await x11.report(await contextOf(theOpposite, undefined, settings)))).toEqual({
      "X11.a.8": "holds",
      "X11.b.8": "does not hold",
      "X11.c.8": "does not hold",
    });
  });
});

test("layers whose outputs overflow count as constant", async () => {
  const { test: held } = await mnistDigits();
  const model = network({ ...tinyShape(false), input: [28, 28, 1] }, 0);
  const weights = weightsOf(model)
    .read()
    .map(() => 1e20);
  const outputs = await layerOutputs(model, weights, pick(held, [0, 1, 2]));
  model.dispose();
  expect(outputs.conv1!.data.some((value) => value > 0)).toBe(true);
  expect(outputs.fc3!.data).toEqual(new Float32Array(30));
});

describe("accuracyOfRun", () => {
  const epoch = (updates: number, validationLoss: number, validationAccuracy: number) => ({
    updates,
    validationLoss,
    validationAccuracy,
  });

  test("is what was measured, as long as outputs are finite", () => {
    const history = [epoch(10, 2.3, 0.2), epoch(20, 1, 0.5)];
    expect(accuracyOfRun(history, 2)).toEqual({ testAccuracy: [0.2, 0.5] });
  });

  test("counts a run that diverged as guessing from then on", () => {
    expect(accuracyOfRun([epoch(10, 2, 0.3)], 3, 14)).toEqual({
      testAccuracy: [0.3, 0.1, 0.1],
      divergedAtUpdate: 14,
    });
  });

  test("an epoch whose outputs had overflowed before the weights did is part of that", () => {
    const history = [epoch(10, 2, 0.3), epoch(20, Infinity, 0), epoch(30, Infinity, 0.001)];
    const expected = { testAccuracy: [0.3, 0.1, 0.1, 0.1], divergedAtUpdate: 20 };
    expect(accuracyOfRun(history, 4, 31)).toEqual(expected);
    expect(accuracyOfRun(history, 4)).toEqual(expected);
  });

  test("a run that recovers keeps what was measured", () => {
    const history = [epoch(10, Infinity, 0.25), epoch(20, 1, 0.5)];
    expect(accuracyOfRun(history, 2)).toEqual({ testAccuracy: [0.25, 0.5] });
  });
});

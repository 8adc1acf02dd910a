import { useBackend } from "closerlook/node";
import { weightsOf } from "closerlook/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { distillationRuns } from "../../examples/common/distillationFamily.js";
import { distillationSettings } from "../../examples/common/distillationSettings.js";
import type { ExperimentContext } from "../../examples/common/experiment.js";
import { pick } from "../../examples/common/images.js";
import { type Finished, type Job, keyOf } from "../../examples/common/jobs.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { FC_STACK, vgg } from "../../examples/common/networks.js";
import {
  studentFlops,
  studentNetwork,
  studentShape,
  tinyStudentShape,
} from "../../examples/common/studentNetwork.js";
import { x12 } from "../../examples/x12-distillation.js";

const settings = distillationSettings.quick;

beforeAll(async () => {
  await useBackend("wasm", { threads: 1 });
});

/** Weights of a student of one seed, its FC stack that of another one. */
function mixed(seed: number, fcSeed: number): Float32Array {
  const [own, other] = [
    studentNetwork(tinyStudentShape, seed),
    studentNetwork(tinyStudentShape, fcSeed),
  ];
  const { variables, read } = weightsOf(own);
  const [flat, its] = [read(), weightsOf(other).read()];
  for (const { layer, offset, size } of variables) {
    if (FC_STACK.test(layer)) flat.set(its.subarray(offset, offset + size), offset);
  }
  own.dispose();
  other.dispose();
  return flat;
}

/** A context whose students are made up: accuracy and weights by kind and seed. */
async function contextOf(
  story: (kind: string, seed: number) => { accuracy: number; weights: Float32Array },
): Promise<ExperimentContext> {
  const { train, test: held } = await mnistDigits();
  const first = (images: typeof train, length: number) =>
    pick(
      images,
      Uint32Array.from({ length }, (_, i) => i),
    );
  const data = { train: first(train, 200), test: first(held, 500) };
  const teacher = vgg(settings.network, 9);
  const flat = weightsOf(teacher).read();
  teacher.dispose();
  const result = async ({ name }: Job) => {
    const [, kind, seed] = /^distillation-(soft|hard)-seed(\d)$/.exec(name) ?? [];
    if (kind === undefined)
      return { numbers: { test: [{ accuracy: 0.9 }] }, weights: async () => flat };
    const { accuracy, weights } = story(kind, Number(seed));
    return { numbers: { testAccuracy: accuracy }, weights: async () => weights };
  };
  return {
    preset: "quick",
    data,
    environment: {},
    result: result as unknown as <T>(job: T) => Promise<Finished> as ExperimentContext["result"],
  };
}

describe("the report of X12", () => {
  const verdicts = async (context: ExperimentContext) => {
    const { checks, figures, notes } = await x12.report(context);
    expect(Object.keys(figures)).toEqual(["fig6-cca", "fig6-difference"]);
    return { notes, ...Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict])) };
  };

  test("the paper's story: distillation changes the FC layers, seeds change nothing", async () => {
    const context = await contextOf((kind) => ({
      accuracy: kind === "soft" ? 0.88 : 0.8,
      weights: kind === "soft" ? mixed(0, 1) : mixed(0, 0),
    }));
    expect(await verdicts(context).catch((error: Error) => error.message)).toMatch(
      /control.* must be grids of different seeds/,
    );
    const told = await contextOf((kind, seed) => {
      const weights = kind === "soft" ? mixed(0, 1) : mixed(0, 0);
      // A little of a difference between the seeds.
      weights[0]! += 0.01 * seed;
      return { accuracy: kind === "soft" ? 0.88 : 0.8, weights };
    });
    expect(await verdicts(told)).toEqual({
      "X12.a": "holds",
      "X12.b": "holds",
      "X12.c": "holds",
      "X12.d": "not decided",
      notes: ["teacher 90.0 %, 10.0 points ahead of the mean of the hard-label students"],
    });
  });

  test("the opposite: it changes nothing, and seeds change much", async () => {
    const context = await contextOf((kind, seed) => ({
      accuracy: kind === "soft" ? 0.8 : 0.88,
      weights: mixed(seed, seed),
    }));
    expect(await verdicts(context)).toEqual({
      "X12.a": "does not hold",
      "X12.b": "not decided",
      "X12.c": "does not hold",
      "X12.d": "not decided",
      notes: [
        "teacher 90.0 %, 2.0 points ahead of the mean of the hard-label students: less than the 5 that X12.a needs",
      ],
    });
  });

  test("students of one seed differ in nothing but the loss, and only the distilled ones need the teacher", async () => {
    const context = await contextOf(() => ({ accuracy: 0, weights: new Float32Array() }));
    const { teacher, students } = distillationRuns(context);
    students.soft.forEach((soft, i) => {
      const hard = students.hard[i]!;
      const { loss, ...run } = (soft.configuration as { run: Record<string, unknown> }).run;
      expect(loss).toEqual({ kind: "crossEntropy", temperature: 5 });
      const its = (hard.configuration as { run: object }).run;
      expect({ ...run, kind: "hard" }).toEqual(its);
      expect([soft.needs, hard.needs]).toEqual([[teacher], undefined]);
    });
    expect(new Set(x12.jobs(context).map(keyOf)).size).toBe(1 + 2 * settings.seeds.length);
  });
});

test("the student is the paper's: layers in their order, operations and weights as planned", () => {
  const model = studentNetwork(studentShape(1), 0);
  const layers = model.layers.map((layer) => layer.getClassName());
  expect(layers.filter((name) => name !== "InputLayer")).toEqual([
    ...["Conv2D", "MaxPooling2D", "ReLU", "Conv2D", "MaxPooling2D", "ReLU", "Flatten"],
    ...["Dense", "ReLU", "Dense", "Dense"],
  ]);
  expect(model.countParams() / 1e6).toBeCloseTo(1.76, 2);
  expect(studentFlops(studentShape(1)) / 1e6).toBeCloseTo(66, 0);
  expect(studentFlops(studentShape(4)) / 1e6).toBeCloseTo(5.9, 1);
  model.dispose();
});

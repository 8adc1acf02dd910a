import { describe, expect, test } from "vitest";
import { linearDecay, type Schedule } from "../../src/schedules/index.js";
import { sgd, type TrainOptions, train, weightsOf } from "../../src/tfjs/index.js";
import { MemoryStore } from "./memoryStore.js";
import { clusters, denseModel, expectNoLeak, normModel } from "./models.js";

const data = clusters(12);
const options: TrainOptions = { schedule: 0.1, epochs: 2, batchSize: 4 };
const factors = (factor: number | Schedule, layers = "logits"): Partial<TrainOptions> => ({
  learningRateFactors: [{ layers, factor }],
});

/** Weights by name after a training. */
async function trained(change: Partial<TrainOptions>, model = denseModel()) {
  await train(model, data, { ...options, ...change });
  const flat = weightsOf(model).read();
  return Object.fromEntries(
    weightsOf(model).variables.map(({ name, offset, size }) => [
      name,
      Array.from(flat.subarray(offset, offset + size)),
    ]),
  );
}

describe("learningRateFactors", () => {
  test("multiply the step of their layers, and leave the others' alone", async () => {
    const one: Partial<TrainOptions> = { epochs: 1, batchSize: 12 };
    const before = await trained({ ...one, schedule: 0 });
    const plain = await trained(one);
    const tenth = await trained({ ...one, ...factors(0.1) });
    for (const [name, start] of Object.entries(before)) {
      const factor = name.startsWith("logits") ? 0.1 : 1;
      const steps = plain[name]!.map((weight, i) => weight - start[i]!);
      expect(steps.some((step) => Math.abs(step) > 1e-3)).toBe(true);
      expect(tenth[name]!.map((weight, i) => weight - start[i]!)).toBeAllclose(
        steps.map((step) => factor * step),
        { atol: 1e-7 },
      );
    }
  });

  test("of 1, or of all layers alike, are the learning rate's own", async () => {
    const plain = await trained({});
    expect(await trained(factors(1))).toEqual(plain);
    const halves = [/hidden/, "logits"].map((layers) => ({ layers, factor: 0.5 }));
    expect(await trained({ schedule: 0.2, learningRateFactors: halves })).toEqual(plain);
  });

  test("may be schedules of the update", async () => {
    const schedule: Schedule = (update) => (update < 3 ? 0 : 1);
    // 0 for the first of two epochs, without momentum: as if frozen for so long.
    const optimizer = sgd();
    const frozen = await trained({ optimizer, frozen: { layers: "logits", updates: 3 } });
    expect(await trained({ optimizer, ...factors(schedule) })).toEqual(frozen);
    expect(await trained({ optimizer })).not.toEqual(frozen);
  });

  test("go on from a checkpoint with the same bits, and with no others", async () => {
    const schedule = linearDecay({ initial: 1, steps: 6 });
    const whole = await trained(factors(schedule), normModel());
    const checkpoints = { store: new MemoryStore(), everyUpdates: 2 };
    const controller = new AbortController();
    const stop: Partial<TrainOptions> = {
      signal: controller.signal,
      onProgress: ({ update }) => {
        if (update === 4) controller.abort();
      },
    };
    await trained({ ...factors(schedule), checkpoints, ...stop }, normModel());
    const resume: Partial<TrainOptions> = { checkpoints, resume: true };
    for (const others of [{}, factors(1), factors(schedule, "head"), factors(() => 1)]) {
      await expect(trained({ ...others, ...resume }, normModel())).rejects.toThrow(
        /learningRateFactors/,
      );
    }
    expect(await trained({ ...factors(schedule), ...resume }, normModel())).toEqual(whole);
  });

  test("leave no tensor behind", async () => {
    const model = denseModel();
    await train(model, data, { ...options, ...factors(0.5) });
    await expectNoLeak(() => train(model, data, { ...options, ...factors(0.5) }));
  });

  test.each([
    [0.5, "learningRateFactors must be an array of { layers, factor }, got 0.5"],
    [[{ layers: "logits", rate: 1 }], "learningRateFactors[0]: options must be made of"],
    [[{ layers: "logits" }], "learningRateFactors[0].factor must be a number or a schedule"],
    [
      [{ layers: "logits", factor: -1 }],
      "learningRateFactors[0].factor(0) must be a finite number",
    ],
    [
      [{ layers: "logits", factor: () => NaN }],
      "learningRateFactors[0].factor(0) must be a finite",
    ],
    [[{ layers: "logit", factor: 1 }], "learningRateFactors[0].layers must be one or more of"],
    [
      [
        { layers: "logits", factor: 1 },
        { layers: /log/, factor: 2 },
      ],
      'learningRateFactors must be of different layers, got "logits twice"',
    ],
  ])("%j is refused before anything changes", async (bad, message) => {
    const model = denseModel();
    const before = weightsOf(model).read();
    const learningRateFactors = bad as never;
    await expect(train(model, data, { ...options, learningRateFactors })).rejects.toThrow(message);
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("with the schedule must not overflow", async () => {
    const change = { schedule: 1e200, ...factors(1e200) };
    await expect(trained(change)).rejects.toThrow(
      "train: schedule(0) · learningRateFactors[0].factor(0) must be a finite number, got Infinity",
    );
  });
});

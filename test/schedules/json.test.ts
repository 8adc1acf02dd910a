import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constant,
  cosineRestarts,
  join,
  keras,
  optax,
  perEpoch,
  type Schedule,
  type ScheduleJson,
  scale,
  scheduleFromJson,
  scheduleToJson,
  shift,
  stepDecay,
  timm,
  torch,
  warmup,
} from "../../src/schedules/index.js";
import { anySchedule } from "./anySchedule.js";

const throughText = (schedule: Schedule): Schedule =>
  scheduleFromJson(JSON.parse(JSON.stringify(scheduleToJson(schedule))));

describe("scheduleToJson and scheduleFromJson", () => {
  test("give the same bits at any step, and the same JSON again", () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (schedule, steps) => {
          const again = throughText(schedule);
          expect(steps.map(again)).toEqual(steps.map(schedule));
          for (let step = 0; step <= 300; step += 10) expect(again(step)).toBe(schedule(step));
          expect(scheduleToJson(again)).toEqual(scheduleToJson(schedule));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("write the factory's name and all of its options", () => {
    const steps = stepDecay({ initial: 2.5, boundaries: [60, 120], factor: 0.1 });
    expect(scheduleToJson(warmup({ to: perEpoch(steps, 10), steps: 200 }))).toEqual({
      schedule: "warmup",
      from: 0,
      to: {
        schedule: "perEpoch",
        of: { schedule: "stepDecay", initial: 2.5, boundaries: [60, 120], factor: 0.1 },
        stepsPerEpoch: 10,
        interpolate: false,
      },
      steps: 200,
      firstStep: "zero",
      inside: true,
    });
  });

  test("know an endless number of cycles, which JSON has no number for", () => {
    const json = scheduleToJson(cosineRestarts({ max: 1, period: 10 }));
    expect(json).not.toHaveProperty("cycles");
    expect(scheduleFromJson(json)(1e6)).toBe(1);
  });

  test("write presets as what they are made of", () => {
    const ramp = { warmup_t: 5, warmup_lr_init: 1e-4 };
    const presets = [
      torch.OneCycleLR({ max_lr: 0.1, total_steps: 25, three_phase: true }),
      timm.CosineLRScheduler({ lr: 0.1, t_initial: 20, ...ramp }),
      optax.exponential_decay({
        init_value: 0.1,
        transition_steps: 5,
        decay_rate: 0.5,
        transition_begin: 3,
      }),
      keras.InverseTimeDecay({ initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.5 }),
    ];
    for (const preset of presets) {
      const again = throughText(preset);
      for (let step = 0; step < 40; step++) expect(again(step)).toBe(preset(step));
    }
  });

  test("do not change when the options do", () => {
    const boundaries = [10];
    const schedule = stepDecay({ initial: 1, boundaries, factor: 0.5 });
    boundaries[0] = 1;
    expect(scheduleToJson(schedule).boundaries).toEqual([10]);
    const schedules = [constant(1), constant(2)];
    const joined = join(schedules, [5]);
    schedules[1] = () => 3;
    expect(throughText(joined)(5)).toBe(2);
    // Nor does the schedule when its description does.
    (scheduleToJson(schedule).boundaries as number[])[0] = 1;
    expect(schedule(5)).toBe(1);
    expect(scheduleToJson(schedule).boundaries).toEqual([10]);
  });

  test("refuse functions of one's own, wherever they are", () => {
    const own = (step: number) => 1 / (1 + step);
    const message =
      "scheduleToJson: schedule must be made by this package's functions, got function own. " +
      "A function of your own cannot be written down; interpolatePoints may replace it";
    for (const schedule of [own, scale(own, 2), join([constant(1), shift(own, 1)], [2])]) {
      expect(() => scheduleToJson(schedule)).toThrow(new TypeError(message));
    }
    expect(() => scheduleToJson(0.1 as never)).toThrow(
      new TypeError("scheduleToJson: schedule must be a schedule, got 0.1"),
    );
  });

  test.each([
    [0.1, "scheduleFromJson: json must be an object, e.g. of JSON.parse, got 0.1"],
    [null, "scheduleFromJson: json must be an object"],
    [[], "scheduleFromJson: json must be an object"],
    [
      { value: 1 },
      'scheduleFromJson: the key "schedule", which names the kind, must be one of "constant", ',
    ],
    [
      { schedule: "toString" },
      'scheduleFromJson: the key "schedule", which names the kind, must be one of "constant", ',
    ],
    [{ schedule: "constant", value: "1" }, "constant: value must be a finite number"],
    [{ schedule: "constant", value: 1, of: 1 }, "scheduleFromJson: constant: options must be made"],
    [{ schedule: "linearDecay", initial: 1, step: 3 }, "linearDecay: options must be made of"],
    [{ schedule: "scale", factor: 2 }, "scale: schedule must be a schedule, got undefined"],
    [{ schedule: "perEpoch", of: 1, stepsPerEpoch: 3 }, "perEpoch: schedule must be a schedule"],
    [
      { schedule: "shift", of: { schedule: "x" }, steps: 1 },
      'scheduleFromJson: the key "schedule", which names the kind, must be',
    ],
  ])("%j is no schedule", (json, message) => {
    expect(() => scheduleFromJson(json as unknown as ScheduleJson)).toThrow(message);
  });
});

import { describe, expect, test } from "vitest";
import { keras, optax, type Schedule, timm, torch } from "../../src/schedules/index.js";
import executed from "../golden/schedulePresets.json" with { type: "json" };
import golden from "../golden/schedules.json" with { type: "json" };

// scripts/make-schedule-fixtures.py makes schedulePresets.json. Other orders of operations round otherwise, hence a tolerance;
// optax' interpolations have an absolute error near 0.
const tolerance = { rtol: 1e-12, atol: 1e-16 };

type Preset = (options: never) => Schedule;
const libraries: Record<string, Readonly<Record<string, Preset>>> = { torch, timm, optax, keras };

describe("presets have the values of their libraries' own code", () => {
  test.each(executed.cases.map((one) => [`${one.library}.${one.preset}`, one] as const))(
    "%s",
    (_, { library, preset, options, values }) => {
      const schedule = libraries[library]![preset]!(options as never);
      expect(values.length).toBeGreaterThan(2);
      expect(values.map(([t]) => schedule(t!))).toBeAllclose(
        values.map(([, value]) => value!),
        tolerance,
      );
    },
  );

  test("every preset is compared", () => {
    const all = Object.entries(libraries).flatMap(([library, presets]) =>
      Object.keys(presets).map((preset) => `${library}.${preset}`),
    );
    const compared = new Set(executed.cases.map(({ library, preset }) => `${library}.${preset}`));
    expect([...compared].sort()).toEqual(all.sort());
  });
});

/** The calls that the golden values come from. */
const calls: Record<string, Schedule> = {
  "torch/CAWR_lr0.05_T0_10_Tmult2_etamin1e-6": torch.CosineAnnealingWarmRestarts({
    lr: 0.05,
    T_0: 10,
    T_mult: 2,
    eta_min: 1e-6,
  }),
  "torch/CAWR_lr0.1_T0_10_Tmult1_etamin0": torch.CosineAnnealingWarmRestarts({ lr: 0.1, T_0: 10 }),
  "torch/CAWR_lr0.5_T0_1_Tmult2_issue23480": torch.CosineAnnealingWarmRestarts({
    lr: 0.5,
    T_0: 1,
    T_mult: 2,
  }),
  "torch/CAWR_lr1_T0_2_Tmult3_etamin0.01": torch.CosineAnnealingWarmRestarts({
    lr: 1,
    T_0: 2,
    T_mult: 3,
    eta_min: 0.01,
  }),
  "torch/StepLR_lr0.05_30_0.1": torch.StepLR({ lr: 0.05, step_size: 30 }),
  "torch/MultiStepLR_lr0.05_60-120-150_gamma0.2": torch.MultiStepLR({
    lr: 0.05,
    milestones: [60, 120, 150],
    gamma: 0.2,
  }),
  "torch/LinearLR_lr0.3_startfactor_1/3_iters5": torch.LinearLR({ lr: 0.3 }),
  "torch/LinearLR_lr2.5_start1e-8_iters200": torch.LinearLR({
    lr: 2.5,
    start_factor: 1e-8,
    total_iters: 200,
  }),
  "torch/OneCycleLR_max0.1_total20": torch.OneCycleLR({ max_lr: 0.1, total_steps: 20 }),
  "timm/cos_lr0.05_t10_mul2_limit4_min1e-6": timm.CosineLRScheduler({
    lr: 0.05,
    t_initial: 10,
    cycle_mul: 2,
    cycle_limit: 4,
    lr_min: 1e-6,
  }),
  "timm/cos_lr0.1_t10_decay0.5_limit3": timm.CosineLRScheduler({
    lr: 0.1,
    t_initial: 10,
    cycle_decay: 0.5,
    cycle_limit: 3,
  }),
  "timm/cos_lr0.1_t20_warm5_prefixFalse_JUMP": timm.CosineLRScheduler({
    lr: 0.1,
    t_initial: 20,
    lr_min: 1e-5,
    warmup_t: 5,
    warmup_lr_init: 1e-4,
  }),
  "timm/cos_lr0.1_t20_warm5_prefixTrue": timm.CosineLRScheduler({
    lr: 0.1,
    t_initial: 20,
    lr_min: 1e-5,
    warmup_t: 5,
    warmup_lr_init: 1e-4,
    warmup_prefix: true,
  }),
  "timm/cos_lr0.1_t20_kdecay2": timm.CosineLRScheduler({ lr: 0.1, t_initial: 20, k_decay: 2 }),
  "optax/cosine_decay(0.1,20,alpha=0.01)": optax.cosine_decay_schedule({
    init_value: 0.1,
    decay_steps: 20,
    alpha: 0.01,
  }),
  "optax/warmup_cosine_decay(init0,peak0.1,warm5,decay25,end0.001)":
    optax.warmup_cosine_decay_schedule({
      init_value: 0,
      peak_value: 0.1,
      warmup_steps: 5,
      decay_steps: 25,
      end_value: 0.001,
    }),
  "optax/linear(0,2.5,200)": optax.linear_schedule({
    init_value: 0,
    end_value: 2.5,
    transition_steps: 200,
  }),
  "optax/piecewise_constant(0.05,{60:.2,120:.2,150:.2})": optax.piecewise_constant_schedule({
    init_value: 0.05,
    boundaries_and_scales: { 60: 0.2, 120: 0.2, 150: 0.2 },
  }),
  "optax/sgdr([warm2/decay10, warm2/decay20], peak0.05,end1e-6)": optax.sgdr_schedule(
    [10, 20].map((decay_steps) => ({
      // The file's first values are 1.000000000001e-6, an artefact of optax' interpolation.
      init_value: 1.000000000001e-6,
      peak_value: 0.05,
      warmup_steps: 2,
      decay_steps,
      end_value: 1e-6,
    })),
  ),
  "optax/sgdr_no_warmup([decay10,decay20,decay40], peak0.05,end1e-6)": optax.sgdr_schedule(
    [10, 20, 40].map((decay_steps) => ({
      init_value: 0.05,
      peak_value: 0.05,
      warmup_steps: 0,
      decay_steps,
      end_value: 1e-6,
    })),
  ),
  "keras/CosineDecayRestarts_lr0.05_T10_t2_m1_alpha2e-5": keras.CosineDecayRestarts({
    initial_learning_rate: 0.05,
    first_decay_steps: 10,
    alpha: 2e-5,
  }),
  "keras/CosineDecayRestarts_lr0.1_T10_t1_m0.5": keras.CosineDecayRestarts({
    initial_learning_rate: 0.1,
    first_decay_steps: 10,
    t_mul: 1,
    m_mul: 0.5,
  }),
  "keras/PiecewiseConstantDecay_b60-120-150 (boundary INCLUSIVE on the left: drop takes effect at b+1)":
    keras.PiecewiseConstantDecay({
      boundaries: [60, 120, 150],
      values: [0.05, 0.01, 0.002, 0.0004],
    }),
  "keras/CosineDecay_init0_target0.1_warm5_decay20_alpha0.01 (decay_steps EXCLUDES warmup)":
    keras.CosineDecay({
      initial_learning_rate: 0,
      warmup_target: 0.1,
      warmup_steps: 5,
      decay_steps: 20,
      alpha: 0.01,
    }),
};

describe("presets have the golden values of the calls that they are copied from", () => {
  const values = Object.fromEntries(
    Object.entries(golden).flatMap(([library, cases]) =>
      Object.entries(cases).map(([name, points]) => [`${library}/${name}`, points]),
    ),
  ) as Record<string, { t: number; lr: number }[]>;

  test.each(Object.entries(calls))("%s", (name, schedule) => {
    const points = values[name]!;
    expect(points.length).toBeGreaterThan(5);
    expect(points.map(({ t }) => schedule(t))).toBeAllclose(
      points.map(({ lr }) => lr),
      tolerance,
    );
  });
});

describe("bad options of presets", () => {
  test("are named as their libraries name them", () => {
    expect(() => torch.StepLR({ lr: 0.1, step_size: 0 })).toThrow(
      new RangeError("torch.StepLR: step_size must be an integer >= 1, got 0"),
    );
    expect(() => timm.MultiStepLRScheduler({ lr: 0.1, decay_t: [3, 3] })).toThrow(
      new RangeError("timm.MultiStepLRScheduler: decay_t must be strictly increasing, got [3, 3]"),
    );
    expect(() => torch.MultiStepLR({ lr: 0.1, milestones: [3, 0.5] })).toThrow(
      new RangeError("torch.MultiStepLR: milestones[1] must be an integer >= 1, got 0.5"),
    );
    expect(() => torch.MultiStepLR({ lr: 0.1, milestones: 3 as never })).toThrow(
      new TypeError("torch.MultiStepLR: milestones must be an array of integers, got 3"),
    );
    expect(() =>
      torch.OneCycleLR({ max_lr: 1, total_steps: 10, anneal_strategy: "up" as never }),
    ).toThrow(
      new RangeError('torch.OneCycleLR: anneal_strategy must be one of "cos", "linear", got "up"'),
    );
    expect(() => timm.CosineLRScheduler({ lr: 0.1, t_initial: 10, cycle_mul: 0.5 })).toThrow(
      new RangeError("timm.CosineLRScheduler: cycle_mul must be a finite number >= 1, got 0.5"),
    );
    expect(() => keras.PolynomialDecay({ initial_learning_rate: 1e-5, decay_steps: 9 })).toThrow(
      new RangeError(
        "keras.PolynomialDecay: end_learning_rate must be a finite number <= 0.00001, got 0.0001",
      ),
    );
    expect(() => keras.CosineDecay({ initial_learning_rate: 1 } as never)).toThrow(
      new TypeError("keras.CosineDecay: decay_steps must be an integer >= 1, got undefined"),
    );
    expect(() => keras.PiecewiseConstantDecay({ boundaries: [1], values: 3 as never })).toThrow(
      /keras.PiecewiseConstantDecay: values must be an array of numbers, got 3/,
    );
    expect(() =>
      optax.piecewise_constant_schedule({ init_value: 1, boundaries_and_scales: { 1.5: 0.1 } }),
    ).toThrow(
      "optax.piecewise_constant_schedule: a boundary of boundaries_and_scales must be an integer >= 1, got 1.5",
    );
    expect(() => optax.sgdr_schedule(3 as never)).toThrow(
      new TypeError("optax.sgdr_schedule: cycles must be an array of options, got 3"),
    );
    const ramp = { init_value: 0, peak_value: 1, warmup_steps: 5 };
    expect(() => optax.warmup_cosine_decay_schedule({ ...ramp, decay_steps: 5 })).toThrow(
      "optax.warmup_cosine_decay_schedule: decay_steps must be a finite number > 5, got 5",
    );
  });

  const base = { transition_steps: 10, peak_value: 1 };
  const cosine = { init_value: 0, peak_value: 1, warmup_steps: 5, decay_steps: 10 };
  const decay = { transition_steps: 10, decay_rate: 0.5, end_value: 2 };
  test.each([
    [
      () => torch.CosineAnnealingLR({ lr: 0.1, T_max: 10, eta_min: 0.2 }),
      "torch.CosineAnnealingLR: eta_min must be a finite number <= 0.1, got 0.2",
    ],
    [
      () => torch.CosineAnnealingWarmRestarts({ lr: 0.1, T_0: 10, eta_min: 0.2 }),
      "torch.CosineAnnealingWarmRestarts: eta_min must be a finite number <= 0.1, got 0.2",
    ],
    [
      () => torch.OneCycleLR({ max_lr: 1, total_steps: 10, pct_start: 0.1 }),
      "torch.OneCycleLR: pct_start must be above 1 / total_steps (0.1), so that the peak is after step 0, got 0.1",
    ],
    [
      () => torch.OneCycleLR({ max_lr: 1, total_steps: 10, pct_start: 0.6, three_phase: true }),
      "torch.OneCycleLR: pct_start must be below 0.55 with three_phase, so that the third phase has steps, got 0.6",
    ],
    [
      () => timm.CosineLRScheduler({ lr: 0.1, t_initial: 10, lr_min: 0.2 }),
      "timm.CosineLRScheduler: lr_min must be a finite number <= 0.1, got 0.2",
    ],
    [
      () => timm.PolyLRScheduler({ lr: 0.1, t_initial: 10, lr_min: 0.2 }),
      "timm.PolyLRScheduler: lr_min must be a finite number <= 0.1, got 0.2",
    ],
    [
      () => optax.exponential_decay({ init_value: 1, ...decay }),
      "optax.exponential_decay: end_value must be a finite number <= 1, got 2",
    ],
    [
      () =>
        optax.warmup_exponential_decay_schedule({
          init_value: 0,
          peak_value: 1,
          warmup_steps: 5,
          ...decay,
        }),
      "optax.warmup_exponential_decay_schedule: end_value must be a finite number <= 1, got 2",
    ],
    [
      () => optax.cosine_onecycle_schedule({ ...base, pct_start: 0.05 }),
      "optax.cosine_onecycle_schedule: pct_start must be such that ⌊pct_start · transition_steps⌋, the step of the peak, is at least 1, got 0.05",
    ],
    [
      () => optax.linear_onecycle_schedule({ ...base, pct_start: 0.05 }),
      "optax.linear_onecycle_schedule: pct_start must be such that ⌊pct_start · transition_steps⌋, the step of the peak, is at least 1, got 0.05",
    ],
    [
      () => optax.linear_onecycle_schedule({ ...base, pct_start: 0.6, pct_final: 0.6 }),
      "optax.linear_onecycle_schedule: pct_final must be a step or more after pct_start (0.6) of the transition_steps, got 0.6",
    ],
    [
      () => optax.sgdr_schedule([]),
      "optax.sgdr_schedule: cycles must be the options of one or more, got []",
    ],
    [
      () => optax.sgdr_schedule([cosine, { ...cosine, decay_steps: 5 }]),
      "optax.sgdr_schedule: cycles[1]: decay_steps must be a finite number > 5, got 5",
    ],
    [
      () => keras.PiecewiseConstantDecay({ boundaries: [1, 2], values: [1, 0.5] }),
      "keras.PiecewiseConstantDecay: the number of values must be one more than the 2 boundaries, got 2",
    ],
  ])("are named by the preset, not by what it is made of: %#", (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });

  test("a cycle of optax.sgdr_schedule that is none is named", () => {
    expect(() => optax.sgdr_schedule([null as never])).toThrow(
      new TypeError("optax.sgdr_schedule: cycles[0]: options must be an object, got null"),
    );
  });

  test("what is not reproduced is an error, not another value", () => {
    const noise = { lr: 0.1, t_initial: 10, noise_pct: 0.5 };
    expect(() => timm.CosineLRScheduler(noise)).toThrow(/options must be made of .*"noise_pct"/);
    const cycle = { initial_learning_rate: 1, decay_steps: 10, cycle: true };
    expect(() => keras.PolynomialDecay(cycle)).toThrow(/options must be made of .*"cycle"/);
    expect(() =>
      optax.polynomial_schedule({ init_value: 0, end_value: 1, power: 2, transition_steps: 5 }),
    ).toThrow("optax.polynomial_schedule: end_value must be a finite number <= 0, got 1");
    // Its peak would lie before the first step.
    expect(() => torch.OneCycleLR({ max_lr: 1, total_steps: 3, pct_start: 0.1 })).toThrow(
      RangeError,
    );
  });
});

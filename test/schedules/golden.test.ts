import { describe, expect, test } from "vitest";
import {
  cosineDecay,
  cosineRestarts,
  join,
  oneCycle,
  type Schedule,
  stepDecay,
  warmup,
} from "../../src/schedules/index.js";
import golden from "../golden/schedules.json" with { type: "json" };

// Values of torch 1.13, timm, optax, Keras, transformers and nanoGPT; see `_meta` and the notes in the
// file. Most were computed in another order of operations, hence the tolerance rather than equality.
const rtol = 1e-12;

interface Point {
  t: number;
  lr: number;
}

const { torch, timm, optax, keras, transformers, reference, nanoGPT, proposed } = golden;

const sgdr = { max: 0.05, min: 1e-6, period: 10, multiplier: 2 };
const drops = stepDecay({ initial: 0.05, boundaries: [60, 120, 150], factor: 0.2 });

/** Entries whose every value is ours: the path in the file, and our schedule. */
const covered: Record<string, [Point[], Schedule]> = {
  "torch/CAWR_lr0.05_T0_10_Tmult2_etamin1e-6": [
    torch["CAWR_lr0.05_T0_10_Tmult2_etamin1e-6"],
    cosineRestarts(sgdr),
  ],
  "torch/CAWR_lr0.1_T0_10_Tmult1_etamin0": [
    torch["CAWR_lr0.1_T0_10_Tmult1_etamin0"],
    cosineRestarts({ max: 0.1, period: 10 }),
  ],
  "torch/CAWR_lr0.5_T0_1_Tmult2_issue23480": [
    torch["CAWR_lr0.5_T0_1_Tmult2_issue23480"],
    cosineRestarts({ max: 0.5, period: 1, multiplier: 2 }),
  ],
  "torch/CAWR_lr1_T0_2_Tmult3_etamin0.01": [
    torch["CAWR_lr1_T0_2_Tmult3_etamin0.01"],
    cosineRestarts({ max: 1, min: 0.01, period: 2, multiplier: 3 }),
  ],
  "torch/CAWR_fractional_epoch_lr0.05_T0_10_Tmult2_etamin1e-6": [
    torch["CAWR_fractional_epoch_lr0.05_T0_10_Tmult2_etamin1e-6"].map(({ epoch, lr }) => ({
      t: epoch,
      lr,
    })),
    cosineRestarts(sgdr),
  ],
  "torch/StepLR_lr0.05_30_0.1": [
    torch["StepLR_lr0.05_30_0.1"],
    stepDecay({ initial: 0.05, boundaries: [30, 60, 90], factor: 0.1 }),
  ],
  "torch/MultiStepLR_lr0.05_60-120-150_gamma0.2": [
    torch["MultiStepLR_lr0.05_60-120-150_gamma0.2"],
    drops,
  ],
  "torch/LinearLR_lr0.3_startfactor_1/3_iters5": [
    torch["LinearLR_lr0.3_startfactor_1/3_iters5"],
    warmup({ from: 0.1, to: 0.3, steps: 5 }),
  ],
  "torch/LinearLR_lr2.5_start1e-8_iters200": [
    torch["LinearLR_lr2.5_start1e-8_iters200"],
    warmup({ from: 2.5e-8, to: 2.5, steps: 200 }),
  ],
  "torch/LambdaLR_linear_warmup_0_to_2.5_over200_t/W": [
    torch["LambdaLR_linear_warmup_0_to_2.5_over200_t/W"],
    warmup({ to: 2.5, steps: 200 }),
  ],
  "torch/LambdaLR_linear_warmup_2.5_(t+1)/W": [
    torch["LambdaLR_linear_warmup_2.5_(t+1)/W"],
    warmup({ to: 2.5, steps: 200, firstStep: "one" }),
  ],
  "torch/SequentialLR_Linear(0.1,5)+CAWR(10,2)_lr0.05": [
    torch["SequentialLR_Linear(0.1,5)+CAWR(10,2)_lr0.05"],
    join([warmup({ from: 0.005, to: 0.05, steps: 5 }), cosineRestarts(sgdr)], [5]),
  ],
  "torch/OneCycleLR_max0.1_total20": [
    torch["OneCycleLR_max0.1_total20"],
    // theirs has its end in the last of its 20 updates, and its peak a step earlier too
    oneCycle({ peak: 0.1, steps: 19, rise: 5 / 19 }),
  ],
  "torch/CAWR_state_dict_after_35_steps": [
    [{ t: 35, lr: torch.CAWR_state_dict_after_35_steps._last_lr[0]! }],
    cosineRestarts(sgdr),
  ],
  "torch/CAWR_resume_lr_right_after_load_state_dict(without_optimizer_state)": [
    // theirs goes on with 0.05 in the optimizer; a pure function has nothing to resume
    [
      {
        t: 35,
        lr: torch["CAWR_resume_lr_right_after_load_state_dict(without_optimizer_state)"].expected,
      },
    ],
    cosineRestarts(sgdr),
  ],
  "timm/cos_lr0.05_t10_mul2_limit4_min1e-6": [
    timm["cos_lr0.05_t10_mul2_limit4_min1e-6"],
    cosineRestarts({ ...sgdr, cycles: 4 }),
  ],
  "timm/cos_lr0.1_t10_decay0.5_limit3": [
    timm["cos_lr0.1_t10_decay0.5_limit3"],
    cosineRestarts({ max: 0.1, period: 10, decay: 0.5, cycles: 3 }),
  ],
  "timm/cos_lr0.1_t20_warm5_prefixTrue": [
    timm["cos_lr0.1_t20_warm5_prefixTrue"],
    warmup({
      from: 1e-4,
      to: cosineDecay({ initial: 0.1, final: 1e-5, steps: 20 }),
      steps: 5,
      inside: false,
    }),
  ],
  "timm/cos_lr0.1_t20_kdecay2": [
    timm["cos_lr0.1_t20_kdecay2"],
    cosineRestarts({ max: 0.1, period: 20, cycles: 1, k: 2 }),
  ],
  "optax/cosine_decay(0.1,20,alpha=0.01)": [
    optax["cosine_decay(0.1,20,alpha=0.01)"],
    cosineDecay({ initial: 0.1, final: 0.001, steps: 20 }),
  ],
  "optax/warmup_cosine_decay(init0,peak0.1,warm5,decay25,end0.001)": [
    optax["warmup_cosine_decay(init0,peak0.1,warm5,decay25,end0.001)"],
    join(
      [warmup({ to: 0.1, steps: 5 }), cosineDecay({ initial: 0.1, final: 0.001, steps: 20 })],
      [5],
    ),
  ],
  "optax/linear(0,2.5,200)": [optax["linear(0,2.5,200)"], warmup({ to: 2.5, steps: 200 })],
  "optax/piecewise_constant(0.05,{60:.2,120:.2,150:.2})": [
    optax["piecewise_constant(0.05,{60:.2,120:.2,150:.2})"],
    drops,
  ],
  "optax/sgdr([warm2/decay10, warm2/decay20], peak0.05,end1e-6)": [
    optax["sgdr([warm2/decay10, warm2/decay20], peak0.05,end1e-6)"],
    join(
      [
        // the file's first values are 1.000000000001e-6, an artefact of optax' interpolation
        warmup({ from: 1.000000000001e-6, to: 0.05, steps: 2 }),
        cosineDecay({ initial: 0.05, final: 1e-6, steps: 8 }),
        warmup({ from: 1.000000000001e-6, to: 0.05, steps: 2 }),
        cosineDecay({ initial: 0.05, final: 1e-6, steps: 18 }),
      ],
      [2, 10, 12],
    ),
  ],
  "optax/sgdr_no_warmup([decay10,decay20,decay40], peak0.05,end1e-6)": [
    optax["sgdr_no_warmup([decay10,decay20,decay40], peak0.05,end1e-6)"],
    cosineRestarts({ ...sgdr, cycles: 3 }),
  ],
  "keras/CosineDecayRestarts_lr0.05_T10_t2_m1_alpha2e-5": [
    keras["CosineDecayRestarts_lr0.05_T10_t2_m1_alpha2e-5"],
    cosineRestarts(sgdr),
  ],
  "keras/CosineDecayRestarts_lr0.1_T10_t1_m0.5": [
    keras["CosineDecayRestarts_lr0.1_T10_t1_m0.5"],
    cosineRestarts({ max: 0.1, period: 10, decay: 0.5 }),
  ],
  "keras/PiecewiseConstantDecay_b60-120-150 (boundary INCLUSIVE on the left: drop takes effect at b+1)":
    [
      keras[
        "PiecewiseConstantDecay_b60-120-150 (boundary INCLUSIVE on the left: drop takes effect at b+1)"
      ],
      stepDecay({ initial: 0.05, boundaries: [61, 121, 151], factor: 0.2 }),
    ],
  "keras/CosineDecay_init0_target0.1_warm5_decay20_alpha0.01 (decay_steps EXCLUDES warmup)": [
    keras["CosineDecay_init0_target0.1_warm5_decay20_alpha0.01 (decay_steps EXCLUDES warmup)"],
    join(
      [warmup({ to: 0.1, steps: 5 }), cosineDecay({ initial: 0.1, final: 0.001, steps: 20 })],
      [5],
    ),
  ],
  "transformers/hard_restarts_lr1_warm5_total35_cycles3": [
    transformers.hard_restarts_lr1_warm5_total35_cycles3,
    join([warmup({ to: 1, steps: 5 }), cosineRestarts({ max: 1, period: 10, cycles: 3 })], [5]),
  ],
  "reference/A_0.05_1e-6_T0_10_Tm2": [reference["A_0.05_1e-6_T0_10_Tm2"], cosineRestarts(sgdr)],
  "reference/B_0.05_1e-6_T0_10_Tm2": [
    reference["B_0.05_1e-6_T0_10_Tm2"],
    cosineRestarts({ ...sgdr, endpoint: true }),
  ],
  "nanoGPT/warmup=(it+1)/(W+1), W=2000, D=600000, 6e-4->6e-5": [
    nanoGPT["warmup=(it+1)/(W+1), W=2000, D=600000, 6e-4->6e-5"],
    join(
      [
        warmup({ from: 6e-4 / 2001, to: 6e-4, steps: 2000 }),
        cosineDecay({ initial: 6e-4, final: 6e-5, steps: 598_000 }),
      ],
      [2000],
    ),
  ],
  "proposed/warmup_linear(0->2.5,200): value(t)=from+(to-from)*t/W for t<W; to for t>=W": [
    proposed["warmup_linear(0->2.5,200): value(t)=from+(to-from)*t/W for t<W; to for t>=W"],
    warmup({ to: 2.5, steps: 200 }),
  ],
  "proposed/stepDecay(0.05, boundaries[60,120,150], factor 0.2): drop IN FORCE at t==boundary": [
    proposed["stepDecay(0.05, boundaries[60,120,150], factor 0.2): drop IN FORCE at t==boundary"],
    drops,
  ],
};

/** Entries that need more than a comparison: each has its own test, named here. */
const ownTest: Record<string, string> = {
  "torch/CAWR_BUG_step(epoch)_floatlog_at_exact_restart": "restarts that torch misses",
  "torch/CosineAnnealingLR_lr0.1_Tmax10_etamin0.001_rises_again_after_Tmax": "rises again",
  "torch/SequentialLR_Linear(0.1,5)+Cosine(20)_lr0.1": "rises again",
  "timm/cos_lr0.1_t20_warm5_prefixFalse_JUMP": "jump",
  "timm/BUG_floatlog_at_exact_restart": "restarts that timm misses",
  "keras/BUG_floatlog_at_exact_restart_float32": "restarts that Keras misses",
  "transformers/BUG_floatmod_at_exact_restart": "restarts that transformers misses",
  "reference/restart_steps_T0_10_Tm2": "restartSteps.test.ts",
};

const notCovered: Record<string, string> = {
  "torch/LinearLR_start_factor_0": "says only that torch accepts it; ours starts at 0 by default",
  "optax/_note": "a remark",
  "keras/_note": "a remark",
  "reference/definition": "a remark",
};

describe("schedules of other libraries", () => {
  test.each(Object.entries(covered))("%s", (_, [points, schedule]) => {
    expect(points.length).toBeGreaterThan(0);
    expect(points.map(({ t }) => schedule(t))).toBeAllclose(
      points.map(({ lr }) => lr),
      { rtol },
    );
  });

  test("every entry of the golden file is compared, has a test of its own, or is left out by name", () => {
    const { _meta, consistency_checks, ...libraries } = golden;
    const entries = Object.entries(libraries).flatMap(([library, cases]) =>
      Object.keys(cases).map((name) => `${library}/${name}`),
    );
    const known = [covered, ownTest, notCovered].flatMap((table) => Object.keys(table));
    expect(known.sort()).toEqual(entries.sort());
  });
});

describe("faults of other libraries that ours must not have", () => {
  test("restarts that torch misses by a float logarithm have the maximum", () => {
    const { cases } = torch["CAWR_BUG_step(epoch)_floatlog_at_exact_restart"];
    expect(cases).toHaveLength(23);
    for (const { T_0, T_mult, epoch, lr_closed_form, lr_expected } of cases) {
      const value = cosineRestarts({ max: 1, period: T_0, multiplier: T_mult })(epoch);
      expect(value).toBe(lr_expected);
      expect(value).not.toBe(lr_closed_form);
    }
  });

  test("restarts that timm misses by a float logarithm have the maximum", () => {
    const { cases } = timm.BUG_floatlog_at_exact_restart;
    expect(cases).toHaveLength(15);
    for (const { t_initial, cycle_mul, t } of cases) {
      expect(cosineRestarts({ max: 1, period: t_initial, multiplier: cycle_mul })(t)).toBe(1);
    }
  });

  test("restarts that Keras misses in float32 have the maximum", () => {
    const { cases } = keras.BUG_floatlog_at_exact_restart_float32;
    expect(cases).toHaveLength(17);
    for (const { T0, t_mul, t, lr_f64 } of cases) {
      expect(cosineRestarts({ max: 1, period: T0, multiplier: t_mul })(t)).toBe(lr_f64);
    }
  });

  test("restarts that transformers misses by a float remainder have the maximum", () => {
    const { cases } = transformers.BUG_floatmod_at_exact_restart;
    expect(cases).toHaveLength(15);
    for (const { total, cycles, t, expected } of cases) {
      expect(cosineRestarts({ max: 1, period: total / cycles, cycles })(t)).toBe(expected);
    }
  });

  test.each([
    [
      "CosineAnnealingLR",
      torch["CosineAnnealingLR_lr0.1_Tmax10_etamin0.001_rises_again_after_Tmax"],
      cosineDecay({ initial: 0.1, final: 0.001, steps: 10 }),
      10,
      0.001,
    ],
    [
      "SequentialLR of a warmup and CosineAnnealingLR",
      torch["SequentialLR_Linear(0.1,5)+Cosine(20)_lr0.1"],
      join(
        [warmup({ from: 0.01, to: 0.1, steps: 5 }), cosineDecay({ initial: 0.1, steps: 20 })],
        [5],
      ),
      25,
      0,
    ],
  ])("torch's %s rises again after its end, ours holds", (_, points, schedule, end, final) => {
    const until = points.filter(({ t }) => t <= end);
    expect(until.map(({ t }) => schedule(t))).toBeAllclose(
      until.map(({ lr }) => lr),
      { rtol },
    );
    const after = points.filter(({ t }) => t > end);
    expect(after.length).toBeGreaterThan(0);
    for (const { t, lr } of after) {
      expect(lr).toBeGreaterThan(final);
      expect(schedule(t)).toBe(final);
    }
  });

  test("timm's ramp jumps where it meets a cosine that ran underneath, ours does not", () => {
    const theirs = timm["cos_lr0.1_t20_warm5_prefixFalse_JUMP"];
    const underneath = cosineDecay({ initial: 0.1, final: 1e-5, steps: 20 });
    const ours = warmup({ from: 1e-4, to: underneath, steps: 5 });
    const after = theirs.filter(({ t }) => t >= 5);
    expect(after.map(({ t }) => ours(t))).toBeAllclose(
      after.map(({ lr }) => lr),
      { rtol },
    );
    // Theirs goes up by 0.02 a step and then by 0.0053 only: the ramp aimed at another value.
    const atFour = theirs.find(({ t }) => t === 4)!.lr;
    expect(theirs.find(({ t }) => t === 5)!.lr - atFour).toBeLessThan(0.006);
    expect(ours(5) - ours(4)).toBeAllclose(ours(1) - ours(0), { rtol });
  });
});

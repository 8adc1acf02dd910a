import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  type DistillationLossOptions,
  distillationLoss as onArrays,
} from "../../src/distillation/index.js";
import { Random } from "../../src/internal/random.js";
import { useBackend } from "../../src/node/index.js";
import { distillationLoss } from "../../src/tfjs/index.js";
import golden from "../golden/distillation.json" with { type: "json" };
import { expectNoLeak } from "./models.js";

const { student_logits: student, teacher_logits: teacher, labels } = golden.inputs;
const kinds = ["kl", "crossEntropy"] as const;
const noScale = { scaleByTemperatureSquared: false };

interface Values {
  total: number;
  soft: number;
  hard?: number;
}

/** Values, and the gradient of the total by the student's logits. */
function valuesAndGradient(
  s: number[][],
  t: number[][],
  y: number[] | undefined,
  options: DistillationLossOptions<"mean"> = {},
): Values & { gradient: number[][] } {
  return tf.tidy(() => {
    const logits = tf.tensor2d(t);
    const { total, soft, hard } = distillationLoss(tf.tensor2d(s), logits, y, options);
    const loss = (z: tf.Tensor) => distillationLoss(z, logits, y, options).total;
    return {
      total: total.dataSync()[0]!,
      soft: soft.dataSync()[0]!,
      ...(hard && { hard: hard.dataSync()[0]! }),
      gradient: tf.grad(loss)(tf.tensor2d(s)).arraySync() as number[][],
    };
  });
}

describe.each(["cpu", "wasm"] as const)("distillationLoss on tensors, back end %s", (backend) => {
  const start = async () => {
    if (tf.getBackend() === backend) return;
    if (backend === "wasm") await useBackend("wasm", { threads: 1 });
    else await tf.setBackend(backend);
  };

  test.each(golden.cases)("torch's values and gradient at temperature $T", async (expected) => {
    await start();
    const temperature = expected.T;
    // Single precision has 7 digits; the cross-entropy grows with T², its gradient with T.
    for (const kind of kinds) {
      for (const softWeight of [0, 0.5, 0.9, 1]) {
        const alpha = softWeight.toFixed(1) as "0.0" | "0.5" | "0.9" | "1.0";
        const name = kind === "kl" ? "KL" : "softCE";
        const { total, gradient, hard } = valuesAndGradient(student, teacher, labels, {
          temperature,
          softWeight,
          kind,
        });
        expect(total).toBeAllclose(expected[`total_${name}_alpha${alpha}_T2`], { rtol: 3e-5 });
        expect(hard).toBeAllclose(expected.hardCE, { rtol: 1e-6 });
        if (softWeight === 0.9) {
          const atol = 3e-7 * Math.max(1, temperature);
          expect(gradient).toBeAllclose(expected["grad_student_logits_KL_alpha0.9_T2"], { atol });
        }
      }
    }
    const bare = valuesAndGradient(student, teacher, labels, { temperature, ...noScale });
    expect(bare.soft).toBeAllclose(expected.KL, { rtol: 3e-5 });
    // PyTorch's default would divide by the number of classes too.
    expect(bare.soft).not.toBeAllclose(expected["torch_kl_div_mean(WRONG by factor C)"], {
      rtol: 0.5,
    });
  });

  test("logits of ±1000 give finite values and gradients, at small temperatures too", async () => {
    await start();
    const { student: s, teacher: t, KL, softCE } = golden.extreme;
    const kl = valuesAndGradient(s, t, [2]);
    expect([kl.soft, kl.hard]).toBeAllclose([KL, 2000], { rtol: 1e-6 });
    expect(kl.gradient).toEqual([[1, -1, 0]]);
    expect(valuesAndGradient(s, t, undefined, { kind: "crossEntropy" }).soft).toBe(softCE);
    for (const kind of kinds) {
      const options = { temperature: 1e-15, kind, ...noScale };
      const same = valuesAndGradient(s, s, undefined, options);
      expect(same.soft).toBe(0);
      expect(same.gradient.flat().every((g) => g === 0)).toBe(true);
    }
  });

  test("agrees with the f64 function, example by example, for logits of any size", async () => {
    await start();
    const random = new Random(4, "logits");
    for (const size of [1e-3, 1, 30, 1000]) {
      const logits = () =>
        Array.from({ length: 6 }, () =>
          Array.from({ length: 10 }, () => Math.fround(size * random.normal())),
        );
      const [s, t] = [logits(), logits()];
      const y = s.map((_, i) => i);
      for (const kind of kinds) {
        const options = { temperature: 5, softWeight: 0.3, kind, reduction: "none" } as const;
        const expected = onArrays(s, t, y, options);
        const { total, soft, hard } = distillationLoss(
          tf.tensor2d(s),
          tf.tensor2d(t),
          tf.tensor1d(y, "int32"),
          options,
        );
        const tolerance = { rtol: 5e-6, atol: 1e-9 };
        expect(soft.dataSync()).toBeAllclose(expected.soft, tolerance);
        expect(hard!.dataSync()).toBeAllclose(expected.hard!, tolerance);
        expect(total.dataSync()).toBeAllclose(expected.total, tolerance);
        expect(total.shape).toEqual([6]);
        tf.dispose([total, soft, hard!]);
      }
    }
  });

  test.each([1, 1e3, 1e6, 1e12, 1e15])(
    "keeps its digits at temperature %s",
    async (temperature) => {
      await start();
      const { soft, gradient } = valuesAndGradient(student, teacher, undefined, { temperature });
      const expected = onArrays(student, teacher, undefined, { temperature });
      expect(soft).toBeAllclose(expected.soft, { rtol: 2e-6 });
      const half = 1e-3;
      const slope = (i: number, c: number) => {
        const [lower, upper] = [-half, half].map((by) => {
          const moved = student.map((row) => [...row]);
          moved[i]![c]! += by;
          return onArrays(moved, teacher, undefined, { temperature }).soft;
        });
        return (upper! - lower!) / (2 * half);
      };
      const slopes = student.map((row, i) => row.map((_, c) => slope(i, c)));
      expect(gradient.flat()).toBeAllclose(slopes.flat(), { rtol: 1e-4, atol: 1e-6 });
    },
  );

  test("the gradient of every example's own loss, whatever the weight, kind and scale", async () => {
    await start();
    const weights = [0.5, -2, 3, 0.25].slice(0, student.length);
    expect(weights).toHaveLength(student.length);
    for (const kind of kinds) {
      for (const softWeight of [0, 0.5, 1]) {
        for (const scaleByTemperatureSquared of [true, false]) {
          const options = {
            temperature: 3,
            kind,
            softWeight,
            scaleByTemperatureSquared,
            reduction: "none",
          } as const;
          const gradient = tf.tidy(() => {
            const loss = (z: tf.Tensor) =>
              tf.sum(
                tf.mul(
                  distillationLoss(z, tf.tensor2d(teacher), labels, options).total,
                  tf.tensor1d(weights),
                ),
              );
            return tf.grad(loss)(tf.tensor2d(student)).arraySync() as number[][];
          });
          const half = 1e-4;
          const slopes = student.map((row, i) =>
            row.map((_, c) => {
              const [lower, upper] = [-half, half].map((by) => {
                const moved = student.map((each) => [...each]);
                moved[i]![c]! += by;
                return onArrays(moved, teacher, labels, options).total[i]!;
              });
              return (weights[i]! * (upper! - lower!)) / (2 * half);
            }),
          );
          expect(gradient.flat()).toBeAllclose(slopes.flat(), { rtol: 1e-5, atol: 1e-6 });
        }
      }
    }
  });

  test("a student that agrees has no divergence and no gradient, and none is ever negative", async () => {
    await start();
    const same = valuesAndGradient(student, student, undefined, { temperature: 3 });
    expect(same.soft).toBe(0);
    expect(same.gradient.flat().every((g) => g === 0)).toBe(true);
    const nearly = student.map((row) => row.map((z, j) => z + 1e-4 * j));
    expect(valuesAndGradient(nearly, student, undefined).soft).toBeGreaterThan(0);
  });
});

describe("distillationLoss on tensors", () => {
  test("T² keeps the size of the gradient over temperatures; without it the gradient fades", async () => {
    const size = (temperature: number, options: object = {}) =>
      Math.hypot(
        ...valuesAndGradient(student, teacher, undefined, {
          temperature,
          ...options,
        }).gradient.flat(),
      );
    const scaled = [1, 10, 100].map((temperature) => size(temperature));
    expect(Math.max(...scaled) / Math.min(...scaled)).toBeLessThan(3);
    expect(size(100, noScale)).toBeAllclose(scaled[2]! / 1e4, { rtol: 1e-3 });
  });

  test("no gradient flows into a teacher that is computed from variables on the way", () => {
    tf.tidy(() => {
      const mine = tf.variable(tf.tensor2d([[0.3, -0.2]]));
      const its = tf.variable(tf.tensor2d([[1, -1]]));
      const loss = () =>
        distillationLoss(tf.mul(mine, 2), tf.mul(its, 3), [1], { softWeight: 0.5 }).total;
      const { grads } = tf.variableGrads(loss);
      // A variable that the loss does not depend on has no gradient.
      expect(grads[its.name] ?? null).toBeNull();
      expect(Math.abs(grads[mine.name]!.dataSync()[0]!)).toBeGreaterThan(0.1);
      // What would come of it otherwise is not zero.
      const asStudent = () => distillationLoss(tf.mul(its, 3), tf.mul(mine, 2)).total;
      expect(Math.abs(tf.variableGrads(asStudent).grads[its.name]!.dataSync()[0]!)).toBeGreaterThan(
        0.1,
      );
      mine.dispose();
      its.dispose();
    });
  });

  test("student and teacher are not the same in it", () => {
    const { soft } = valuesAndGradient(teacher, student, undefined);
    expect(soft).not.toBeAllclose(valuesAndGradient(student, teacher, undefined).soft, {
      rtol: 0.1,
    });
    expect(soft).toBeAllclose(onArrays(teacher, student).soft, { rtol: 1e-5 });
  });

  test("softWeight is the share of the soft term: the other meaning of alpha gives another loss", () => {
    const { total, soft, hard } = valuesAndGradient(student, teacher, labels, {
      temperature: 4,
      softWeight: 0.9,
    });
    expect(total).toBeAllclose(0.9 * soft + 0.1 * hard!, { rtol: 1e-6 });
    expect(total).not.toBeAllclose(0.1 * soft + 0.9 * hard!, { rtol: 0.1 });
  });

  test("a label in a tensor that is no class makes the hard term NaN, not a small loss", () => {
    for (const label of [-1, 4]) {
      const { hard, soft } = tf.tidy(() =>
        distillationLoss(
          tf.tensor2d(student),
          tf.tensor2d(teacher),
          tf.tensor1d([0, label, 2], "int32"),
        ),
      );
      expect(hard!.dataSync()[0]).toBeNaN();
      expect(soft.dataSync()[0]).toBeGreaterThan(0);
      tf.dispose([hard!, soft]);
    }
  });

  test("a temperature at which single precision ends is an error", () => {
    for (const temperature of [1e16, 1e-16]) {
      const call = () => valuesAndGradient(student, teacher, undefined, { temperature });
      expect(call).toThrow(
        `distillationLoss: temperature must be a finite number >= 1e-15 and <= 1000000000000000, got ${temperature}`,
      );
    }
  });

  test("leaves three tensors, or two without labels, and none after an error", async () => {
    await expectNoLeak(() => {
      const [s, t] = [tf.tensor2d(student), tf.tensor2d(teacher)];
      const before = tf.memory().numTensors;
      const loss = distillationLoss(s, t, labels, { softWeight: 0.5 });
      expect(tf.memory().numTensors).toBe(before + 3);
      expect(Object.keys(loss)).toEqual(["total", "soft", "hard"]);
      const soft = distillationLoss(s, t);
      expect(tf.memory().numTensors).toBe(before + 5);
      expect(Object.keys(soft)).toEqual(["total", "soft"]);
      expect(() => distillationLoss(s, t, [0, 1, 9])).toThrow(RangeError);
      tf.dispose([loss, soft, s, t]);
    });
  });

  test("bad input is named in the error", () => {
    const [s, t] = [tf.tensor2d(student), tf.tensor2d(teacher)];
    const call = (change: Record<string, unknown>) => {
      const all = { s, t, y: labels, options: {}, ...change };
      return () => distillationLoss(all.s, all.t, all.y, all.options);
    };
    expect(call({ s: student })).toThrow(
      /^distillationLoss: student must be a tensor of logits, got/,
    );
    expect(call({ t: tf.ones([3, 3]) })).toThrow(
      "distillationLoss: teacher must be of the student's shape [3, 4], got [3, 3]",
    );
    expect(call({ s: tf.ones([4]) })).toThrow(/student must be logits \[examples, classes >= 2\]/);
    expect(call({ y: [0, 1, 4] })).toThrow(/labels\[2\] must be an integer from 0 to 3, got 4/);
    expect(call({ y: tf.ones([3]) })).toThrow(
      /labels must be an int32 tensor or an array, got "float32"/,
    );
    expect(call({ y: tf.ones([2], "int32") })).toThrow(/labels must be of shape \[3\], got \[2\]/);
    expect(call({ y: undefined, options: { softWeight: 0.5 } })).toThrow(
      /softWeight must be 1 without labels, got 0.5/,
    );
    expect(call({ options: { alpha: 0.5 } })).toThrow(/got "alpha"/);
  });
});

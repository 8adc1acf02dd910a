import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { distillationLoss, softmax } from "../../src/distillation/index.js";
import golden from "../golden/distillation.json" with { type: "json" };

const { student_logits: student, teacher_logits: teacher, labels } = golden.inputs;
const noScale = { scaleByTemperatureSquared: false };
// The file's KL at high temperatures has lost digits to cancellation, hence an absolute part; the
// digits themselves are tested against 120-digit arithmetic below.
const tolerance = { rtol: 1e-12, atol: 1e-15 };

const anyLogits = (examples: number, classes: number, size = 30) =>
  fc.array(
    fc.array(fc.double({ min: -size, max: size, noNaN: true }), {
      minLength: classes,
      maxLength: classes,
    }),
    { minLength: examples, maxLength: examples },
  );

const anyPair = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 6 }))
  .chain(([examples, classes]) =>
    fc.tuple(anyLogits(examples, classes), anyLogits(examples, classes)),
  );

const anyTemperature = fc.double({ min: 0.1, max: 100, noNaN: true });

describe("distillationLoss", () => {
  test("two classes by hand", () => {
    // teacher (½, ½), student (¾, ¼)
    const s = [[Math.log(3), 0]];
    const t = [[7, 7]];
    const kl = 0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25);
    const { total, soft, hard } = distillationLoss(s, t, [1], { softWeight: 0.25 });
    expect(soft).toBeAllclose(kl, { rtol: 1e-15 });
    expect(hard).toBeAllclose(Math.log(4), { rtol: 1e-15 });
    expect(total).toBeAllclose(0.25 * kl + 0.75 * Math.log(4), { rtol: 1e-15 });
  });

  describe.each(golden.cases)("torch's values at temperature $T", (expected) => {
    const temperature = expected.T;

    test("the soft terms and the hard term", () => {
      const kl = distillationLoss(student, teacher, labels, { temperature, ...noScale });
      expect(kl.soft).toBeAllclose(expected.KL, tolerance);
      expect(kl.soft).toBeAllclose(expected.torch_kl_div_batchmean, tolerance);
      expect(kl.hard).toBeAllclose(expected.hardCE, tolerance);
      // PyTorch's default divides by the number of classes as well
      expect(kl.soft / 4).toBeAllclose(expected["torch_kl_div_mean(WRONG by factor C)"], tolerance);

      const crossEntropy = distillationLoss(student, teacher, labels, {
        temperature,
        kind: "crossEntropy",
        ...noScale,
      });
      expect(crossEntropy.soft).toBeAllclose(expected.softCE, tolerance);
      expect(crossEntropy.soft - kl.soft).toBeAllclose(expected.H_teacher, tolerance);
    });

    test.each([0, 0.5, 0.9, 1])("the totals with softWeight %s", (softWeight) => {
      const alpha = softWeight.toFixed(1) as "0.0" | "0.5" | "0.9" | "1.0";
      const total = (options: object) =>
        distillationLoss(student, teacher, labels, { temperature, softWeight, ...options }).total;
      const scaled = { rtol: 1e-12, atol: 1e-15 * temperature ** 2 };
      expect(total({})).toBeAllclose(expected[`total_KL_alpha${alpha}_T2`], scaled);
      expect(total(noScale)).toBeAllclose(expected[`total_KL_alpha${alpha}_noT2`], tolerance);
      expect(total({ kind: "crossEntropy" })).toBeAllclose(
        expected[`total_softCE_alpha${alpha}_T2`],
        scaled,
      );
    });

    test.each(["kl", "crossEntropy"] as const)("the gradient of %s, by differences", (kind) => {
      const step = 1e-4;
      const loss = (example: number, klass: number, change: number) =>
        distillationLoss(
          student.map((row, i) =>
            row.map((z, j) => z + (i === example && j === klass ? change : 0)),
          ),
          teacher,
          labels,
          { temperature, softWeight: 0.9, kind },
        ).total;
      const gradient = student.map((row, i) =>
        row.map((_, j) => (loss(i, j, step) - loss(i, j, -step)) / (2 * step)),
      );
      // The rounding of the difference grows with the loss: T²·entropy for the cross-entropy.
      const atol = kind === "kl" ? 1e-8 : 1e-8 + 1e-12 * temperature ** 2 * 10;
      expect(gradient).toBeAllclose(expected["grad_student_logits_KL_alpha0.9_T2"], { atol });
    });
  });

  test("logits of ±1000 give torch's finite values", () => {
    const { student: s, teacher: t, T: temperature, softCE, KL } = golden.extreme;
    expect(distillationLoss(s, t, undefined, { temperature }).soft).toBe(KL);
    expect(distillationLoss(s, t, undefined, { temperature, kind: "crossEntropy" }).soft).toBe(
      softCE,
    );
  });

  test("classes of probability 0 add nothing, even where the student's logarithm is −∞", () => {
    const certain = [[1000, 0, -1000]];
    for (const kind of ["kl", "crossEntropy"] as const) {
      const options = { temperature: 1e-306, kind, ...noScale };
      expect(distillationLoss(certain, certain, undefined, options).soft).toBe(0);
    }
  });

  test("a teacher of equal logits and one that equals the student give torch's values", () => {
    const uniform = teacher.map((row) => row.map(() => 0));
    const options = { kind: "crossEntropy" } as const;
    expect(distillationLoss(student, uniform, undefined, options).soft).toBeAllclose(
      golden.uniform_teacher_T1.softCE,
      tolerance,
    );
    const expected = golden.identical_teacher_student_T3;
    const same = { temperature: 3, ...noScale };
    expect(distillationLoss(teacher, teacher, undefined, same).soft).toBe(expected.KL);
    const entropy = distillationLoss(teacher, teacher, undefined, { ...same, ...options }).soft;
    expect(entropy).toBeAllclose(expected.softCE, tolerance);
    expect(entropy).toBeAllclose(expected.H_teacher, tolerance);
  });

  test.each([
    // T²·KL of the golden logits in 120-digit arithmetic
    [1, 0.3225411355395675],
    [3, 0.43024420251181],
    [20, 0.444531907787957],
    [100, 0.44327293928458744],
    [1000, 0.4428611991154038],
    [1e4, 0.4428173965218298],
    [1e6, 0.442812548994496],
    [1e8, 0.442812500489948],
    [1e12, 0.442812500000049],
    [1e20, 0.4428125],
  ])("the divergence at temperature %s keeps its digits", (temperature, expected) => {
    const { soft } = distillationLoss(student, teacher, undefined, { temperature });
    expect(soft).toBeAllclose(expected, { rtol: 1e-14 });
  });

  test.each([
    // The same arithmetic: rows that nearly agree, and classes that are practically 0 for one of the two.
    [[0.1, 0.1000001, -60], [0.1, 0.1, -62], 1, 1.249999999727297e-15, 1e-13],
    [[1, 2, 300], [3, -2, -400], 1, 298.953127545965, 1e-14],
    [[3, -2, -400], [1, 2, 300], 1, 403.006715348489, 1e-14],
    [[1000, -1000, 0.5], [-1000, 1000, 0.25], 1, 2000, 1e-14],
    [[1000, -1000, 0.5], [-1000, 1000, 0.25], 2, 4000, 1e-14],
    [[1000, -1000, 0.5], [-1000, 1000, 0.25], 50, 99999.9997928515, 1e-14],
    [[1000, -1000, 0.5], [-1000, 1000, 0.25], 1000, 1150350.381315517, 1e-14],
  ])("divergence of %j from %j at %s", (s, t, temperature, expected, rtol) => {
    const { soft } = distillationLoss([s], [t], undefined, { temperature });
    expect(soft).toBeAllclose(expected, { rtol });
  });

  test("at high temperature it tends to half the mean square of the centred differences", () => {
    const limit = golden.highT_limit["mean_n (1/2C) sum (centered diff)^2"];
    const { soft } = distillationLoss(student, teacher, undefined, { temperature: 1e6 });
    expect(soft).toBeAllclose(limit, { rtol: 1e-6 });
    const atThousand = distillationLoss(student, teacher, undefined, { temperature: 1000 }).soft;
    // torch's value there has 10 digits
    expect(atThousand).toBeAllclose(golden.highT_limit["T2*KL at T=1000"], { rtol: 1e-9 });
  });

  test("the divergence is never negative, and 0 for a student that agrees", () => {
    fc.assert(
      fc.property(anyPair, anyTemperature, ([s, t], temperature) => {
        expect(distillationLoss(s, t, undefined, { temperature }).soft).toBeGreaterThanOrEqual(0);
        expect(distillationLoss(s, s, undefined, { temperature }).soft).toBe(0);
      }),
    );
  });

  test("the divergence agrees with its definition", () => {
    fc.assert(
      fc.property(anyPair, anyTemperature, ([s, t], temperature) => {
        const distribution = (row: number[]) => {
          const weights = row.map((z) =>
            Math.exp(z / temperature - Math.max(...row) / temperature),
          );
          return weights.map((w) => w / weights.reduce((a, b) => a + b));
        };
        const perExample = s.map((row, i) => {
          const q = distribution(row);
          const p = distribution(t[i]!);
          return p.reduce((sum, pc, c) => sum + (pc > 0 ? pc * Math.log(pc / q[c]!) : 0), 0);
        });
        const options = { temperature, reduction: "none", ...noScale } as const;
        // The definition cancels when the two are close; q underflows beyond logits of 30 / 0.1
        expect(distillationLoss(s, t, undefined, options).soft).toBeAllclose(perExample, {
          rtol: 1e-10,
          atol: 1e-12,
        });
      }),
    );
  });

  test("a constant added to the logits of an example changes nothing", () => {
    fc.assert(
      fc.property(anyPair, fc.integer({ min: -1000, max: 1000 }), ([s, t], shift) => {
        const shifted = s.map((row) => row.map((z) => z + shift));
        expect(distillationLoss(shifted, t).soft).toBeAllclose(distillationLoss(s, t).soft, {
          rtol: 1e-9,
          atol: 1e-9,
        });
      }),
    );
  });

  test("the total is the weighted sum, and the mean that of the examples", () => {
    fc.assert(
      fc.property(
        anyPair,
        fc.double({ min: 0, max: 1, noNaN: true }),
        anyTemperature,
        ([s, t], softWeight, temperature) => {
          const y = s.map((_, i) => i % s[0]!.length);
          const each = distillationLoss(s, t, y, { softWeight, temperature, reduction: "none" });
          const one = distillationLoss(s, t, y, { softWeight, temperature });
          const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
          expect(each.total).toHaveLength(s.length);
          expect(mean(each.soft)).toBeAllclose(one.soft, { rtol: 1e-14 });
          expect(mean(each.hard!)).toBeAllclose(one.hard!, { rtol: 1e-14 });
          expect(one.total).toBeAllclose(softWeight * one.soft + (1 - softWeight) * one.hard!, {
            rtol: 1e-13,
          });
        },
      ),
    );
  });

  test("an ml-matrix Matrix and arrays of integers are logits too", () => {
    const whole = student.map((row) => row.map((z) => Math.round(10 * z)));
    const expected = distillationLoss(whole, teacher, labels);
    const data = Int8Array.from(whole.flat());
    expect(distillationLoss(new Matrix(whole), teacher, labels)).toEqual(expected);
    expect(distillationLoss({ data, shape: [3, 4] }, teacher, labels)).toEqual(expected);
  });

  test("rows, float32 and float64 arrays give the same, and stay as they were", () => {
    const flat = Float64Array.from(student.flat());
    const shaped = { data: flat, shape: [3, 4] };
    const single = { data: Float32Array.from(teacher.flat()), shape: [3, 4] };
    const byRows = distillationLoss(student, teacher, labels, { temperature: 2 });
    expect(distillationLoss(shaped, single, Int32Array.from(labels), { temperature: 2 })).toEqual(
      byRows,
    );
    expect(
      distillationLoss(
        student.map((row) => Float32Array.from(row)),
        teacher,
        Uint8Array.from(labels),
        { temperature: 2 },
      ).soft,
    ).toBeAllclose(byRows.soft, { rtol: 1e-6 });
    expect(Array.from(flat)).toEqual(student.flat());
  });

  test("without labels there is no hard term", () => {
    expect(Object.keys(distillationLoss(student, teacher))).toEqual(["total", "soft"]);
  });

  test("bad input is named in the error", () => {
    const call = (change: {
      student?: unknown;
      teacher?: unknown;
      labels?: unknown;
      options?: object;
    }) => {
      const all = { student, teacher, labels, options: {}, ...change };
      // @ts-expect-error: what the types forbid is what is tested
      return () => distillationLoss(all.student, all.teacher, all.labels, all.options);
    };
    expect(call({ labels: undefined, options: { softWeight: 0.5 } })).toThrow(
      new RangeError(
        "distillationLoss: softWeight must be 1 without labels, got 0.5. " +
          "The rest of the weight is the hard term's, which needs labels",
      ),
    );
    expect(call({ labels: { temperature: 5 } })).toThrow(
      /labels must be an array of class indices, got { temperature }\. Without labels .*undefined/,
    );
    expect(call({ labels: [0, 3] })).toThrow(
      /number of labels must be that of the examples, 3, got 2/,
    );
    expect(call({ labels: [0, 3, 4] })).toThrow(
      new RangeError("distillationLoss: labels[2] must be an integer from 0 to 3, got 4"),
    );
    expect(call({ labels: [0, 0.5, 1] })).toThrow(
      /labels\[1\] must be an integer from 0 to 3, got 0.5/,
    );
    expect(call({ labels: [[0, 1], 2, 1] })).toThrow(TypeError);
    expect(call({ teacher: teacher.slice(1) })).toThrow(
      new RangeError("distillationLoss: teacher must be of the student's shape [3, 4], got [2, 4]"),
    );
    expect(call({ student: [[1, 2], [3]] })).toThrow(
      new RangeError("distillationLoss: student[1] must be of 2 numbers like the first row, got 1"),
    );
    expect(call({ student: [[1, Number.NaN]] })).toThrow(
      new RangeError(
        "distillationLoss: student must be finite everywhere, got NaN at [0, 1]. " +
          "Leave out the examples with such logits",
      ),
    );
    expect(call({ student: [[1, null]] })).toThrow(
      new TypeError("distillationLoss: student[0][1] must be a number, got null"),
    );
    expect(call({ student: [[1], [2]] })).toThrow(
      /number of classes of student must be >= 2, got 1\. The softmax/,
    );
    expect(call({ student: [] })).toThrow(/number of examples of student must be >= 1, got 0/);
    expect(call({ student: "logits" })).toThrow(
      new TypeError(
        "distillationLoss: student must be a matrix: { data, shape: [examples, classes] }, number[][], " +
          'or an ml-matrix Matrix, got "logits"',
      ),
    );
    expect(call({ student: null })).toThrow(TypeError);
    expect(call({ teacher: { data: new BigInt64Array(12), shape: [3, 4] } })).toThrow(
      /^distillationLoss: teacher\.data must be an array of numbers, got BigInt64Array of 96 bytes\. .* convert with/,
    );
    expect(call({ teacher: { rows: 1e12, columns: 4, get: () => 0 } })).toThrow(
      /^distillationLoss: teacher must be a matrix of at most 4294967296 numbers, got 4000000000000/,
    );
    expect(call({ student: { data: new Float32Array(12), shape: [12] } })).toThrow(
      new RangeError("distillationLoss: student must be a matrix [examples, classes], got [12]"),
    );
    expect(call({ student: { data: new Float32Array(11), shape: [3, 4] } })).toThrow(
      new RangeError(
        "distillationLoss: student.data must be of 3 × 4 = 12 numbers, as its shape says, got 11",
      ),
    );
    expect(call({ options: { temperature: 0 } })).toThrow(
      /temperature must be a finite number > 0, got 0/,
    );
    expect(call({ options: { softWeight: 1.5 } })).toThrow(
      /softWeight must be a finite number >= 0 and <= 1/,
    );
    expect(call({ options: { kind: "mse" } })).toThrow(
      /kind must be one of "kl", "crossEntropy", got "mse"/,
    );
    expect(call({ options: { reduction: "sum" } })).toThrow(
      /reduction must be one of "mean", "none"/,
    );
    expect(call({ options: { scaleByTemperatureSquared: 1 } })).toThrow(
      /scaleByTemperatureSquared must be true or false, got 1/,
    );
    expect(call({ options: { alpha: 0.9 } })).toThrow(/got "alpha"/);
  });

  test("probabilities where logits belong are refused, of either network, and rounded ones too", () => {
    const probabilities = softmax(teacher);
    const single = { data: Float32Array.from(probabilities.data), shape: probabilities.shape };
    for (const given of [probabilities, single]) {
      expect(() => distillationLoss(student, given)).toThrow(
        "distillationLoss: teacher must be logits, got probabilities, as every row sums to 1. " +
          "Give the numbers that go into the softmax, or the logarithms of what comes out of it",
      );
      expect(() => distillationLoss(given, teacher)).toThrow(/student must be logits/);
    }
    // The logarithms are logits.
    const logarithms = { data: probabilities.data.map(Math.log), shape: probabilities.shape };
    const options = { temperature: 3 };
    expect(distillationLoss(student, logarithms, labels, options).total).toBeAllclose(
      distillationLoss(student, teacher, labels, options).total,
      { rtol: 1e-12 },
    );
    // So may be small whole numbers, and rows of which one does not sum to 1.
    expect(distillationLoss([[1, 0]], [[0, 1]]).soft).toBeGreaterThan(0);
    const mixed = { data: Float64Array.of(0.5, 0.5, 0.5, 0.25), shape: [2, 2] };
    expect(distillationLoss(mixed, mixed).soft).toBe(0);
  });

  test("teacher and student are not the same in it", () => {
    const { KL: expected } = golden.cases.find(({ T }) => T === 1)!;
    expect(distillationLoss(student, teacher).soft).toBeAllclose(expected, tolerance);
    expect(distillationLoss(teacher, student).soft).not.toBeAllclose(expected, { rtol: 0.1 });
  });

  test("the soft term has its factor of T² without a hard term as well", () => {
    for (const { T: temperature, KL } of golden.cases) {
      const alone = distillationLoss(student, teacher, undefined, { temperature });
      expect(alone.total).toBeAllclose(temperature ** 2 * KL, { rtol: 1e-9 });
      expect(alone.soft).toBe(alone.total);
    }
  });

  test("a loss beyond all numbers is an error, not NaN", () => {
    expect(() => distillationLoss(student, teacher, undefined, { temperature: 1e200 })).toThrow(
      /the loss of example 0 must be finite/,
    );
    expect(() => distillationLoss(student, teacher, undefined, { temperature: 1e-320 })).toThrow(
      RangeError,
    );
  });
});

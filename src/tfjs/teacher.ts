import * as tf from "@tensorflow/tfjs-core";
import { areProbabilities } from "../distillation/areProbabilities.js";
import { softenedRow } from "../distillation/softenedRow.js";
import { crc32 } from "../formats/index.js";
import { checkNumber, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { EventLoop } from "./eventLoop.js";
import { batchOf, checkInputShape, countClasses, type Inputs, readInputs } from "./examples.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel } from "./openModel.js";
import { softened } from "./softLosses.js";
import type { TrainingPlan } from "./trainingPlan.js";

/** Logits that a teacher has given for the training data. */
export interface TeacherLogits {
  /** `[examples, classes]`, in the order of the training data. */
  readonly logits: Inputs;
}

/** Probabilities that a teacher has given for the training data. */
export interface TeacherProbabilities {
  /** `[examples, classes]`, in the order of the training data; each row sums to 1. */
  readonly probabilities: Inputs;
  /** Temperature at which they were taken, > 0. @defaultValue 1 */
  readonly temperature?: number;
}

/** What a student learns from: a model, several models, or what one has said. */
export type Teacher = Model | readonly Model[] | TeacherLogits | TeacherProbabilities;

/** A teacher with everything checked. */
export interface OpenTeacher {
  /** The models that answer for inputs; empty if all answers are there already. */
  readonly models: readonly OpenModel[];
  /** Answers that are there already: softened logits, `[examples, classes]`. */
  readonly answers: Float32Array | undefined;
  /** What tells it from others, so that no training is taken up again with another one. */
  readonly settings: unknown;
}

type Plan = Omit<TrainingPlan, "trained">;

const WITHIN = "teacher";

/** Examples per forward pass of a teacher whose answers are kept. */
const BATCH = 500;

/** Checks the teacher and whether it fits the student and the data. */
export async function openTeacher(
  plan: Plan,
  teacher: Teacher,
  temperature: number,
): Promise<OpenTeacher> {
  const { where } = plan;
  const must = "a model, an array of models, { logits } or { probabilities }";
  if (typeof teacher !== "object" || teacher === null) {
    throw typeError(where, WITHIN, must, teacher);
  }
  const classes = countClasses(where, plan.weights, plan.examples);
  if ("logits" in teacher || "probabilities" in teacher) {
    return readAnswers(plan, teacher, classes, temperature);
  }
  const given = (Array.isArray(teacher) ? teacher : [teacher]) as readonly Model[];
  if (given.length === 0) throw rangeError(where, WITHIN, must, teacher);
  const own = new Set(plan.weights.variables.map(({ variable }) => variable));
  const models = given.map((model) => {
    const within = `${where}: ${WITHIN}`;
    const opened = openModel(within, model);
    if (opened.variables.some(({ variable }) => own.has(variable))) {
      const hint =
        "Give a copy of it, or what it says before the training: { logits }, e.g. from captureActivations";
      throw new RangeError(`${within} must have no variables in common with the student. ${hint}`);
    }
    const bad = opened.read().findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`${within}: the model's weights must be finite`);
    checkInputShape(within, opened, plan.examples);
    const its = countClasses(within, opened, plan.examples);
    if (its !== classes) {
      throw rangeError(where, WITHIN, `of ${classes} classes, like the student`, its);
    }
    return opened;
  });
  const digests = models.map((model) => crc32(bytesOf(model.read())));
  return { models, answers: undefined, settings: { weights: digests } };
}

/** The {@link softened} logits for inputs: of several models, those of the mean of their softened probabilities. */
export function soften(
  models: readonly OpenModel[],
  x: tf.Tensor,
  temperature: number,
): tf.Tensor2D {
  return tf.tidy(() => {
    const each = models.map((model) => {
      const output = model.apply(x, { training: false }) as tf.Tensor2D;
      // The logarithms of probabilities are logits.
      return softened(model.endsInSoftmax ? tf.log(output) : output, temperature);
    });
    if (each.length === 1) return each[0]!;
    // The sum has the same softmax as the mean. Probabilities have seven digits: at high temperatures the average of several
    // teachers is not as precise as one.
    return softened(tf.log(tf.addN(each.map((logits) => tf.softmax(logits)))), 1);
  });
}

/** What the models say about all training examples, in evaluation mode; breaks off if the signal says so. */
export async function allAnswers(
  { where, examples, signal }: Plan,
  models: readonly OpenModel[],
  temperature: number,
): Promise<Float32Array> {
  const eventLoop = new EventLoop();
  let answers: Float32Array | undefined;
  try {
    for (let from = 0; from < examples.count; from += BATCH) {
      await eventLoop.turn();
      // The training will find it aborted too, and ask for no answers.
      if (signal?.aborted) break;
      const to = Math.min(from + BATCH, examples.count);
      const logits = tf.tidy(() => soften(models, batchOf(examples, from, to), temperature));
      try {
        const values = await logits.data();
        const classes = values.length / (to - from);
        const bad = values.findIndex(Number.isNaN);
        if (bad >= 0) {
          const example = from + Math.floor(bad / classes);
          throw new RangeError(
            `${where}: the teacher's logits of example ${example} must be finite`,
          );
        }
        answers ??= new Float32Array(examples.count * classes);
        answers.set(values, from * classes);
      } finally {
        logits.dispose();
      }
    }
  } finally {
    eventLoop.close();
  }
  return answers ?? new Float32Array(0);
}

/** The answers for the examples of a batch. */
export function pickAnswers(
  answers: Float32Array,
  count: number,
  indices: Uint32Array,
): tf.Tensor2D {
  const classes = answers.length / count;
  const rows = new Float32Array(indices.length * classes);
  indices.forEach((index, i) => {
    rows.set(answers.subarray(index * classes, (index + 1) * classes), i * classes);
  });
  return tf.tensor2d(rows, [indices.length, classes]);
}

async function readAnswers(
  plan: Plan,
  teacher: TeacherLogits | TeacherProbabilities,
  classes: number,
  temperature: number,
): Promise<OpenTeacher> {
  const { where, examples, augment } = plan;
  const areLogits = "logits" in teacher;
  const kind = areLogits ? "logits" : "probabilities";
  checkOptions(
    `${where}: ${WITHIN}`,
    teacher,
    areLogits ? ["logits"] : ["probabilities", "temperature"],
  );
  if (augment) {
    const hint =
      "What it said is about the examples as they are: leave out augment, or give the model";
    throw rangeError(where, WITHIN, "a model with augment", `{ ${kind} }`, hint);
  }
  const name = `${WITHIN}.${kind}`;
  const { data, count, size, shape } = await readInputs(
    where,
    name,
    areLogits ? teacher.logits : teacher.probabilities,
  );
  if (count !== examples.count || shape.length !== 1 || size !== classes) {
    const must = `of shape [${examples.count}, ${classes}]: examples of the data, classes of the student`;
    throw rangeError(where, `${name}.shape`, must, [count, ...shape]);
  }
  const settings = { [kind]: crc32(bytesOf(Float32Array.from(data))) };
  if (areLogits) {
    if (areProbabilities(data, classes)) {
      const hint = "Every row sums to 1: give them as { probabilities }";
      throw rangeError(where, name, "logits", "probabilities", hint);
    }
    return {
      models: [],
      answers: softenRows(Float64Array.from(data), classes, temperature),
      settings,
    };
  }
  const own = checkNumber(where, `${WITHIN}.temperature`, teacher.temperature ?? 1, { above: 0 });
  for (let from = 0; from < data.length; from += classes) {
    const row = Array.from(data.subarray(from, from + classes));
    const sum = row.reduce((total, p) => total + p, 0);
    if (row.every((p) => p >= 0) && Math.abs(sum - 1) <= 1e-3) continue;
    const hint = "Logits are given as { logits }";
    const must = "of numbers >= 0 that sum to 1";
    throw rangeError(where, `${name}, row ${from / classes}`, must, row, hint);
  }
  return {
    models: [],
    // The logarithms of probabilities are logits.
    answers: softenRows(Float64Array.from(data, Math.log), classes, temperature / own),
    settings: { ...settings, temperature: own },
  };
}

/** {@link softened} on an array, in double precision. */
function softenRows(logits: Float64Array, classes: number, temperature: number): Float32Array {
  const answers = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    answers.set(softenedRow(logits.subarray(from, from + classes), temperature), from);
  }
  return answers;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

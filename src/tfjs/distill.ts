import * as tf from "@tensorflow/tfjs-core";
import type { DistillationLossOptions } from "../distillation/distillationOptions.js";
import { checkOptions, typeError } from "../internal/checks.js";
import { crossEntropy } from "./crossEntropy.js";
import { type Inputs, type LabelledData, readInputs } from "./examples.js";
import { type FeatureMatch, FeatureMatching } from "./featureMatching.js";
import type { Model } from "./model.js";
import { readSoftLossOptions, softLosses } from "./softLosses.js";
import { allAnswers, openTeacher, pickAnswers, soften, type Teacher } from "./teacher.js";
import { planTraining, trainOptionNames } from "./trainingPlan.js";
import type { TrainingResult } from "./trainingResult.js";
import type { TrainOptions } from "./trainOptions.js";
import { trainPlan } from "./trainPlan.js";

/** Examples with or without their classes. */
export interface DistillationData {
  /** Inputs `[examples, …]`. A tensor is copied, and stays the caller's. */
  readonly x: Inputs;
  /** The class of each example; may be left out if the soft term is all that is minimised. */
  readonly y?: LabelledData["y"];
}

export interface DistillOptions
  extends Omit<TrainOptions, "lossFunction">,
    Omit<DistillationLossOptions, "reduction"> {
  /** Pairs of layers whose outputs are to become alike, beside the predictions. @defaultValue none */
  features?: readonly FeatureMatch[];
}

const where = "distill";
const commonNames = trainOptionNames.filter((name) => name !== "lossFunction");
const lossNames = ["temperature", "softWeight", "kind", "scaleByTemperatureSquared"];

/** Those of the entries that have one of the names. */
const pick = (options: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));

/** The inputs, read from where they are, with classes that nobody looks at. */
async function withUnusedClasses(x: Inputs): Promise<LabelledData> {
  const { data, count, shape } = await readInputs(where, "data.x", x);
  return { x: { data, shape: [count, ...shape] }, y: new Uint8Array(count) };
}

/**
 * Trains a student on what a teacher predicts (knowledge distillation), and leaves the trained weights in the student.
 *
 *     L = softWeight · soft + (1 − softWeight) · hard + features
 *
 * `soft` and `hard` are those of {@link distillationLoss}; the defaults are its own, the softened predictions of the teacher
 * alone at temperature 1 (the paper's temperature was 5). `features` is the sum over the pairs of layers of
 * `weight · mean (student − teacher)²`, over examples, positions and units; outputs that differ in shape are refused.
 *
 * It is {@link train} with another loss: the order of the examples, dropout, augmentation, freezing, schedules, aborts,
 * checkpoints with the same bits and everything else are as there. `history[epoch].terms` has `soft`, `hard` (where there
 * are labels) and `features` (where there are some) of each epoch.
 *
 * **The teacher** is a model, several models, whose softened probabilities are averaged, or what a teacher said before:
 * `{ logits }`, or `{ probabilities }` taken at some temperature, which are brought to the temperature of the training,
 * p^(their temperature / this one). Models are run in evaluation mode, and nothing in them changes: no weight, no batch-norm statistics, no
 * `trainable` flag. Without augmentation, and without features, each example is shown to the teacher once, before the first update, and
 * its answer is kept (classes × 4 bytes); otherwise the teacher sees every batch as the student does. A tf.layers teacher may end in
 * a softmax; the student must not, see {@link train}.
 *
 * **Self-distillation**, with only some layers trained: freeze the others (`frozen`) in a student that starts from the
 * teacher's weights, or let a network learn from what it said before, `{ logits }`.
 *
 * @param student - A tf.layers model or `{ variables, apply }` that gives logits.
 * @param teacher - See {@link Teacher}; no variables in common with the student.
 * @param data - Training inputs and classes; without classes if `softWeight` is 1.
 * @param options - See {@link DistillOptions}.
 * @returns See {@link TrainingResult}.
 * @throws RangeError or TypeError, as a rejected promise and before anything changes, where {@link train} does, and if the teacher
 * does not fit the student and the data, or kept answers are to teach augmented examples.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { distill, weightsOf } from "closerlook/tfjs";
 * const network = () => tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * const [student, teacher] = [network(), network()];
 * weightsOf(teacher).write([-1, 1, 0, 0]);
 * weightsOf(student).write([0, 0, 0, 0]);
 * const x = { data: Float32Array.of(-2, -1, 1, 2), shape: [4, 1] };
 * const options = { temperature: 5, schedule: 0.1, epochs: 20, batchSize: 2 };
 * const { history } = await distill(student, teacher, { x }, options); // no labels needed
 * history[19].terms.soft < history[0].terms.soft / 10; // true
 * weightsOf(student).read()[1] > 0.8; // true — the teacher has 1
 * ```
 * @see Hinton et al. 2015; Gotmare et al. 2019, sections 5 and 6; Romero et al. 2015 for features.
 */
export async function distill(
  student: Model,
  teacher: Teacher,
  data: DistillationData,
  options: DistillOptions,
): Promise<TrainingResult> {
  checkOptions(where, options, [...commonNames, ...lossNames, "features"]);
  const { features } = options;
  const own = pick(options, lossNames);
  const common = pick(options, commonNames);
  if (typeof data !== "object" || data === null) throw typeError(where, "data", "{ x, y }", data);
  const { x, y } = data;
  const settings = readSoftLossOptions(where, own, y !== undefined);
  const plan = await planTraining(
    where,
    student,
    y === undefined ? await withUnusedClasses(x) : { x, y },
    common as TrainOptions,
  );
  const opened = await openTeacher(plan, teacher, settings.temperature);
  const { models } = opened;
  const matching =
    features === undefined ? undefined : FeatureMatching.open(plan, models, features);
  try {
    const keep = !plan.augment && !matching && !opened.answers;
    const answers = keep ? await allAnswers(plan, models, settings.temperature) : opened.answers;
    const { factor, softWeight, ...described } = settings;
    return await trainPlan(
      {
        ...plan,
        lossSettings: {
          ...described,
          factor,
          softWeight,
          labels: y !== undefined,
          teacher: opened.settings,
          features: features ?? null,
        },
        targets: (x, indices) => {
          if (answers) return { softened: pickAnswers(answers, plan.examples.count, indices) };
          const run = () => soften(models, x, settings.temperature);
          if (!matching) return { softened: run() };
          const { output, features } = matching.ofTeacher(run);
          return { softened: output, ...Object.fromEntries(features.entries()) };
        },
        lossFunction: (logits, { labels }, { softened, ...layers }) => {
          const soft = tf.mean(
            softLosses(logits, () => tf.clone(softened as tf.Tensor2D), settings),
          );
          const hard = y && crossEntropy(logits, labels);
          const predictions = hard
            ? tf.add(tf.mul(soft, softWeight), tf.mul(hard, 1 - softWeight))
            : soft;
          if (!matching) return { total: predictions, soft, hard };
          const features = matching.loss(Object.values(layers));
          return { total: tf.add(predictions, features), soft, hard, features };
        },
      },
      options,
    );
  } finally {
    matching?.close();
  }
}

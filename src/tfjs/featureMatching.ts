import * as tf from "@tensorflow/tfjs-core";
import { checkNumber, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { batchOf, type Examples } from "./examples.js";
import { matchLayers } from "./layerMatch.js";
import { LayerOutputs } from "./layerOutputs.js";
import type { ModelLayer } from "./model.js";
import type { OpenModel } from "./openModel.js";
import type { TrainingPlan } from "./trainingPlan.js";

/** A pair of layers whose outputs are to become alike. */
export interface FeatureMatch {
  /** Name of a layer of the student. */
  readonly student: string;
  /** Name of a layer of the teacher with outputs of the same shape. */
  readonly teacher: string;
  /** Weight of their mean squared difference in the loss, > 0. @defaultValue 1 */
  readonly weight?: number;
}

/**
 * Compares layers of a student with layers of its teacher, batch by batch.
 *
 *     features = Σ_pairs weight · mean (student − teacher)²       over examples, positions and units
 */
export class FeatureMatching {
  readonly #weights: readonly number[];
  readonly #student: LayerOutputs;
  readonly #teacher: LayerOutputs;

  private constructor(
    where: string,
    pairs: readonly {
      readonly student: ModelLayer;
      readonly teacher: ModelLayer;
      readonly weight: number;
    }[],
  ) {
    this.#weights = pairs.map(({ weight }) => weight);
    this.#student = new LayerOutputs(
      where,
      pairs.map(({ student }) => student),
    );
    this.#teacher = new LayerOutputs(
      where,
      pairs.map(({ teacher }) => teacher),
    );
  }

  /** Checks the pairs, also that their outputs have the same shape. */
  static open(
    { where, weights, examples }: Omit<TrainingPlan, "trained">,
    models: readonly OpenModel[],
    features: readonly FeatureMatch[],
  ): FeatureMatching {
    const name = "features";
    if (!Array.isArray(features)) {
      throw typeError(where, name, "an array of { student, teacher, weight }", features);
    }
    if (features.length === 0)
      throw rangeError(where, name, "at least one pair of layers", features);
    const [teacher, ...others] = models;
    if (!teacher || others.length > 0) {
      throw rangeError(where, "teacher", "one model with features", `${models.length} models`);
    }
    for (const [role, { layers }] of Object.entries({ student: weights, teacher })) {
      if (layers.every((layer) => layer.source)) continue;
      throw new TypeError(
        `${where}: the ${role} must be a tf.layers model with features, since its layers must be told apart`,
      );
    }
    const pairs = features.map((pair: FeatureMatch, i) => {
      checkOptions(`${where}: ${name}[${i}]`, pair, ["student", "teacher", "weight"]);
      const { weight = 1 } = pair;
      checkNumber(where, `${name}[${i}].weight`, weight, { above: 0 });
      const layerOf = (role: "student" | "teacher", { layers }: OpenModel) => {
        const argument = `${name}[${i}].${role}`;
        const wanted = pair[role];
        if (typeof wanted !== "string") {
          throw typeError(where, argument, "the name of a layer", wanted);
        }
        const [layer, ...more] = matchLayers(where, argument, layers, wanted);
        if (more.length > 0) throw rangeError(where, argument, "a single layer", wanted);
        return layer!;
      };
      return { student: layerOf("student", weights), teacher: layerOf("teacher", teacher), weight };
    });
    for (const role of ["student", "teacher"] as const) {
      const names = pairs.map((pair) => pair[role].name);
      const twice = names.find((name, i) => names.indexOf(name) < i);
      if (twice !== undefined) {
        throw rangeError(where, name, `of different layers of the ${role}`, twice);
      }
    }
    const matching = new FeatureMatching(where, pairs);
    try {
      matching.#checkShapes(where, weights, teacher, examples, pairs);
    } catch (error) {
      matching.close();
      throw error;
    }
    return matching;
  }

  #checkShapes(
    where: string,
    student: OpenModel,
    teacher: OpenModel,
    examples: Examples,
    pairs: readonly { readonly student: ModelLayer; readonly teacher: ModelLayer }[],
  ): void {
    tf.tidy(() => {
      const x = batchOf(examples, 0, 1);
      const its = this.ofTeacher(() => teacher.apply(x, { training: false })).features;
      student.apply(x, { training: false });
      const own = this.#student.take();
      const shapes = own.map(({ shape }) => shape.slice(1));
      tf.dispose(own);
      shapes.forEach((got, i) => {
        const wanted = its[i]!.shape.slice(1);
        if (tf.util.arraysEqual(got, wanted)) return;
        const [mine, theirs] = [pairs[i]!.student.name, pairs[i]!.teacher.name];
        const must = `of the shape [${wanted.join(", ")}] of the teacher's layer ${theirs}`;
        const hint = "Match layers of equal width";
        throw rangeError(where, `features[${i}]: the output of layer ${mine}`, must, got, hint);
      });
    });
  }

  /** Runs the teacher; the student's next pass is watched. */
  ofTeacher<Output extends tf.Tensor>(
    run: () => Output,
  ): {
    readonly output: Output;
    readonly features: readonly tf.Tensor[];
  } {
    this.#student.watch();
    this.#teacher.watch();
    const output = run();
    const features = this.#teacher.take().map((kept) => {
      const feature = tf.clone(kept);
      kept.dispose();
      return feature;
    });
    return { output, features };
  }

  /** How far the student's layers, in its pass since `ofTeacher`, are from the teacher's. */
  loss(teacher: readonly tf.Tensor[]): tf.Scalar {
    const student = this.#student.take();
    try {
      return tf.addN(
        student.map((own, i) =>
          tf.mul<tf.Scalar>(tf.mean(tf.squaredDifference(own, teacher[i]!)), this.#weights[i]!),
        ),
      );
    } finally {
      tf.dispose(student);
    }
  }

  /** Leaves both models as they were. */
  close(): void {
    this.#student.close();
    this.#teacher.close();
  }
}

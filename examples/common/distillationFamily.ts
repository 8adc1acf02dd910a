import {
  distill,
  randomCropAndFlip,
  sgd,
  type TrainingProgress,
  train,
  weightsOf,
} from "closerlook/tfjs";
import { type DistillationSettings, distillationSettings } from "./distillationSettings.js";
import type { ExperimentInput } from "./experiment.js";
import { type FamilyData, familyData } from "./familyImages.js";
import { digestOfImages } from "./images.js";
import type { Job, JobResult } from "./jobs.js";
import { vgg } from "./networks.js";
import type { StudentShape } from "./studentNetwork.js";
import { studentNetwork } from "./studentNetwork.js";
import {
  epochName,
  scheduleOf,
  type TrainedNetwork,
  trainingRunJob,
  updatesIn,
} from "./trainingRun.js";

/** What a student learns from. */
export type StudentKind = "soft" | "hard";

interface TrainedStudent extends JobResult {
  readonly numbers: {
    readonly kind: StudentKind;
    readonly seed: number;
    /** At the end, as a fraction. */
    readonly testAccuracy: number;
    /** Mean of each epoch, in nats; of a distilled student the soft term. */
    readonly trainLoss: readonly number[];
  };
  readonly weights: { readonly end: Float32Array };
}

/** The trained networks of a preset. */
export interface DistillationRuns extends FamilyData {
  readonly settings: DistillationSettings;
  readonly studentShape: StudentShape;
  readonly teacher: Job<TrainedNetwork>;
  readonly students: Readonly<Record<StudentKind, readonly Job<TrainedStudent>[]>>;
}

export function distillationRuns(
  input: ExperimentInput,
  settings: DistillationSettings = distillationSettings[input.preset],
): DistillationRuns {
  const family = familyData(settings, input);
  const { teacherEpochs, teacherRate, batchSize, momentum, weightDecay, starts, augment } =
    settings;
  const teacher = trainingRunJob(
    "distillation-teacher",
    {
      network: family.network,
      epochs: teacherEpochs,
      batchSize,
      rate: teacherRate,
      optimizer: "sgd",
      momentum,
      weightDecay,
      ...(augment && { augment }),
      starts,
      // Other weights and another order than any student's.
      seed: 100,
      snapshots: [teacherEpochs],
      evaluateEvery: teacherEpochs,
    },
    family.images,
    input.environment,
  );
  const studentShape = { ...settings.student, input: family.network.input };
  const runs = { ...family, settings, studentShape, teacher };
  const all = (kind: StudentKind) =>
    settings.seeds.map((seed) => studentJob(runs, kind, seed, input.environment));
  return { ...runs, students: { soft: all("soft"), hard: all("hard") } };
}

/** The seed decides about first weights, order and augmentation, so that the two kinds of one seed differ in the loss alone. */
function studentJob(
  { settings, studentShape, network, images, teacher }: Omit<DistillationRuns, "students">,
  kind: StudentKind,
  seed: number,
  environment: unknown,
): Job<TrainedStudent> {
  const { studentEpochs, studentRate, batchSize, momentum, weightDecay, augment } = settings;
  const loss = { kind: "crossEntropy", temperature: settings.temperature } as const;
  const run = {
    kind,
    seed,
    network: studentShape,
    epochs: studentEpochs,
    rate: studentRate,
    batchSize,
    momentum,
    weightDecay,
    augment: augment ?? null,
    ...(kind === "soft" && { loss }),
  };
  const name = `distillation-${kind}-seed${seed}`;
  return {
    name,
    configuration: { run, data: digestOfImages(images), environment },
    ...(kind === "soft" && { needs: [teacher] }),
    async run({ signal, progress, needs, checkpoints }) {
      const student = studentNetwork(studentShape, seed);
      const optimizer = sgd({ momentum, weightDecay });
      const updates = updatesIn({ batchSize }, images.train.y.length);
      const options = {
        schedule: scheduleOf({ rate: studentRate, epochs: studentEpochs }, updates),
        optimizer,
        epochs: studentEpochs,
        batchSize,
        seed,
        ...(augment && { augment: randomCropAndFlip(augment) }),
        validation: images.test,
        evaluateEvery: studentEpochs,
        checkpoints: { store: checkpoints },
        resume: true,
        signal,
        onProgress: ({ update, updates, loss }: TrainingProgress) =>
          progress(update / updates, `${name}, loss ${loss.toFixed(3)}`),
      };
      const teacherModel = kind === "soft" ? vgg(network, 0) : undefined;
      try {
        const [finished] = needs;
        if (teacherModel) {
          weightsOf(teacherModel).write(await finished!.weights(epochName(settings.teacherEpochs)));
        }
        const { history, stopped } = teacherModel
          ? await distill(student, teacherModel, images.train, { ...options, ...loss })
          : await train(student, images.train, options);
        signal.throwIfAborted();
        if (stopped !== "finished") throw new Error(`${name} ${stopped}`);
        return {
          numbers: {
            kind,
            seed,
            testAccuracy: history.at(-1)!.validationAccuracy!,
            trainLoss: history.map(({ trainLoss, terms }) => terms?.soft ?? trainLoss),
          },
          weights: { end: weightsOf(student).read() },
        };
      } finally {
        optimizer.dispose();
        student.dispose();
        teacherModel?.dispose();
      }
    },
  };
}

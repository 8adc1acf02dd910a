/**
 * X12 — Where a teacher's knowledge goes (Fig. 6, section 5).
 *
 * A small student learns from the softened predictions of a larger teacher, another one of the same first weights and
 * order of examples from the labels. SVCCA of both with the teacher, layer by layer, and their difference; as a control, the
 * difference between students of different seeds that both learn from the labels.
 */
import { heatmaps } from "closerlook/plot";
import {
  type GridDifference,
  gridDifference,
  type SimilarityGrid,
  similarityGrid,
} from "closerlook/similarity";
import * as claims from "./common/distillationChecks.js";
import {
  type DistillationRuns,
  distillationRuns,
  type StudentKind,
} from "./common/distillationFamily.js";
import { type Experiment, type ExperimentContext, presets } from "./common/experiment.js";
import { averageGrid, describeMaps, layerOutputs, mapsAs } from "./common/layerSimilarity.js";
import { mean } from "./common/mean.js";
import { vgg } from "./common/networks.js";
import { studentNetwork } from "./common/studentNetwork.js";
import { epochName } from "./common/trainingRun.js";
import { percent } from "./common/verdicts.js";

/** Points by which the teacher must be ahead, so that there is something to learn from it. */
const POINTS_AHEAD = 5;

export const x12: Experiment = {
  id: "x12",
  title: "Distillation, layer by layer",
  shows: "Fig. 6; section 5",
  presets,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const { teacher, students } = distillationRuns(input);
    return [teacher, ...students.hard, ...students.soft];
  },

  async report(context) {
    const { preset } = context;
    const runs = distillationRuns(context);
    const { settings, images, network } = runs;
    const teacher = await context.result(runs.teacher);
    const teacherAccuracy = teacher.numbers.test.at(-1)!.accuracy;
    const { accuracy, grids } = await compareWithTeacher(context, runs);

    const pairs = settings.seeds.map((_, r) => gridDifference(grids.soft[r]!, grids.hard[r]!));
    const control = settings.seeds.flatMap((_, r) =>
      settings.seeds.slice(0, r).map((_, s) => gridDifference(grids.hard[r]!, grids.hard[s]!)),
    );
    const [pairDepths, controlDepths] = [pairs.map(depths), control.map(depths)];
    const { measure } = grids.hard[0]!;
    const against = gridDifference(
      { measure, ...averageGrid(grids.soft) },
      { measure, ...averageGrid(grids.hard) },
      { control: [grids.hard] },
    );

    const hardMean = mean(accuracy.hard);
    const ahead = 100 * (teacherAccuracy - hardMean);
    const setting =
      `Teacher: ${network.features.filter((f) => f !== "M").length} convolutions and ${network.classifier.length} FC layers` +
      `${network.batchNormalization ? " with batch norm" : ""}, ${percent(teacherAccuracy)}; students: 2 convolutions and 3 FC ` +
      `layers; ${images.train.y.length} training images${settings.augment ? ", cropped and mirrored" : ""}, ` +
      `${settings.studentEpochs} epochs, temperature ${settings.temperature}.`;
    const caption =
      `Mean over ${settings.seeds.length} seeds of SVCCA (99 % of the variance) on ${images.test.y.length} held-out images, ` +
      `${describeMaps(preset)}.`;
    const panel = (title: string, grid: ReturnType<typeof averageGrid>) => ({
      title,
      grid,
      rowLabel: "layer of the teacher",
      columnLabel: "layer of the student",
    });
    const [difference, noise] = [averageGrid(pairs), averageGrid(control)];
    const largest = Math.max(...difference.values.flat(), ...noise.values.flat());
    return {
      checks: [
        {
          id: "X12.a",
          claim: "accuracy: best distilled student > best with hard labels",
          paper: "85.18 against 83.01 %",
          ...claims.distillationHelps(accuracy.soft, accuracy.hard, images.test.y.length),
        },
        {
          id: "X12.b",
          claim: "mean |difference| to the teacher: FC layers > convolutions of the student",
          paper: "Fig. 6",
          ...claims.deepLayersDiffer(pairDepths),
        },
        {
          id: "X12.c",
          claim: "FC layers: that difference > the one between two seeds with hard labels",
          paper: "no control; ours",
          ...claims.exceedsSeedNoise(pairDepths, controlDepths),
        },
        {
          id: "X12.d",
          claim: "best accuracies within a point of the paper's",
          paper: "85.18 and 83.01 %",
          ...claims.accuraciesOfPaper(accuracy.soft, accuracy.hard, preset),
        },
      ],
      notes: [
        `teacher ${percent(teacherAccuracy)}, ${ahead.toFixed(1)} points ahead of the mean of the hard-label students` +
          `${ahead < POINTS_AHEAD ? `: less than the ${POINTS_AHEAD} that X12.a needs` : ""}`,
      ],
      numbers: {
        settings,
        teacherAccuracy,
        accuracy,
        grids,
        byDepth: { distilled: pairDepths, control: controlDepths },
        difference: against,
      },
      figures: {
        "fig6-cca": {
          title: "Layers of the students beside the teacher's (paper: Fig. 6)",
          panels: heatmaps(
            [
              panel("(a) distilled student", averageGrid(grids.soft)),
              panel("(b) student with hard labels", averageGrid(grids.hard)),
            ],
            { colorLabel: "SVCCA" },
          ),
          caption: `${caption} ${setting}`,
        },
        "fig6-difference": {
          title: "What distillation changes, and what another seed changes",
          panels: heatmaps(
            [
              panel("(c) |distilled − hard labels|, same seed", difference),
              panel("control: |hard − hard|, other seed", noise),
            ],
            { colorLabel: "difference of SVCCA", domain: [0, Math.ceil(25 * largest) / 25] },
          ),
          caption:
            `Absolute differences to the teacher in SVCCA, mean over ${pairs.length} pairs of the same first weights and order ` +
            `of examples, and over ${control.length} ${control.length === 1 ? "pair" : "pairs"} of seeds. ${setting}`,
        },
      },
    };
  },
};

/** Final accuracy of every student, and its SVCCA with the teacher. */
async function compareWithTeacher({ result, preset }: ExperimentContext, runs: DistillationRuns) {
  const { settings, images, network, studentShape, teacher, students } = runs;
  const teacherModel = vgg(network, 0);
  const student = studentNetwork(studentShape, 0);
  try {
    const { weights } = await result(teacher);
    const last = await weights(epochName(settings.teacherEpochs));
    const layers = await layerOutputs(teacherModel, last, images.test);
    const compare = async (kind: StudentKind) => {
      const accuracy: number[] = [];
      const grids: SimilarityGrid[] = [];
      for (const job of students[kind]) {
        const { numbers, weights } = await result(job);
        accuracy.push(numbers.testAccuracy);
        const own = await layerOutputs(student, await weights("end"), images.test);
        grids.push(similarityGrid(layers, own, { as: mapsAs[preset] }));
      }
      return { accuracy, grids };
    };
    const [soft, hard] = [await compare("soft"), await compare("hard")];
    return {
      accuracy: { soft: soft.accuracy, hard: hard.accuracy },
      grids: { soft: soft.grids, hard: hard.grids },
    };
  } finally {
    teacherModel.dispose();
    student.dispose();
  }
}

/** Means over the teacher's layers and over the student's convolutions or FC layers. */
function depths({ columns, values }: GridDifference): claims.DepthDifference {
  const over = (match: RegExp) =>
    mean(values.flatMap((row) => row.filter((_, j) => match.test(columns[j]!))));
  return { shallow: over(/^conv/), deep: over(/^fc/) };
}

/**
 * How the `quick` settings of X9 and X10 were chosen, and why the frozen run collapses when it is released: prints the
 * two tables of docs/results/warmup.md. Takes about six minutes.
 *
 *     node --import tsx examples/studies/warmup-settings.ts
 */
import { useBackend } from "closerlook/node";
import { firstOfEachClass, halved, normalized } from "../common/images.js";
import { mnistDigits } from "../common/mnistDigits.js";
import { tinyShape, type VggShape } from "../common/networkShapes.js";
import type { RunName, WarmupSettings } from "../common/warmupFamily.js";
import { trainSeeds } from "../common/warmupMeasurements.js";
import { vggSettings } from "../common/warmupSettings.js";
import { studyResults } from "./studyResults.js";

const chosen = vggSettings.quick;

/** The network that was planned for this preset. */
const planned: VggShape = {
  ...tinyShape(true),
  features: [8, "M", 16, "M", 16, "M"],
  classifier: [32, 32, 10],
};

/** The order of widths of VGG-11, an eighth as wide, with as many pools as 14 × 14 images allow. */
const deep: VggShape = {
  ...tinyShape(true),
  features: [8, "M", 16, "M", 32, 32, "M", 64, 64, 64, 64],
};

const tried: readonly [name: string, network: WarmupSettings["network"], largeBatchRate: number][] =
  [
    ["planned", planned, 0.5],
    ["planned", planned, 0.3],
    ["planned", planned, 0.2],
    ["planned", planned, 0.1],
    ["planned", planned, 0.05],
    ["VGG-11 ÷ 8", deep, 0.5],
    ["chosen", chosen.network, 0.5],
    ["chosen", chosen.network, 0.3],
  ];

const percent = (fractions: readonly number[]) =>
  fractions.map((f) => Math.round(100 * f)).join(", ");

await useBackend("wasm");
const { train, test } = await mnistDigits();
const images = normalized({
  train: halved(firstOfEachClass(train, chosen.trainingImagesPerClass)),
  test: halved(test),
});
const context = await studyResults();

async function allSeeds(settings: WarmupSettings, run: RunName) {
  const family = { id: "warmup", settings, images, environment: {} };
  const seeds = await trainSeeds(context, family, [run]);
  return seeds.map(({ trained }) => trained[run].numbers);
}

const end = chosen.warmupUpdates / 10 - 1;

console.log("Each cell: seeds 0, 1, 2; accuracies at the end of the warmup in %.\n");
console.log("| network | LB rate | loss of LB+W in the last epoch | LB | LB+W | freeze |");
console.log("|---|---|---|---|---|---|");
for (const [name, network, largeBatchRate] of tried) {
  const settings = { ...chosen, network, largeBatchRate };
  const warm = await allSeeds(settings, "LB+W");
  const plain = await allSeeds(settings, "LB");
  const freeze = await allSeeds(settings, "LB+freeze");
  const loss = warm.map(({ trainLoss }) => (trainLoss.at(-1) ?? Number.NaN).toFixed(2)).join(", ");
  const cells = [plain, warm, freeze].map((runs) =>
    percent(runs.map(({ testAccuracy }) => testAccuracy[end]!)),
  );
  console.log(`| ${name} | ${largeBatchRate} | ${loss} | ${cells.join(" | ")} |`);
}

console.log("\nRelease of the frozen FC stack, final accuracy in %:\n");
console.log("| released after update | at rate | final accuracy | diverged at update |");
console.log("|---|---|---|---|");
for (const [updates, rate] of [
  [60, 0.5],
  [70, 0.05],
  [100, 0.005],
] as const) {
  const runs = await allSeeds({ ...chosen, warmupUpdates: updates }, "LB+freeze");
  const last = percent(runs.map(({ testAccuracy }) => testAccuracy.at(-1)!));
  const diverged = runs.map(({ divergedAtUpdate }) => divergedAtUpdate ?? "–").join(", ");
  console.log(`| ${updates} | ${rate} | ${last} | ${diverged} |`);
}

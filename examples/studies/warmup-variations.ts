/**
 * What becomes of the claims of X9 to X11 at preset `cpu` in settings beside its own: the checks of each variation as rows of a
 * table, and with the accuracies by epoch in FOLDER_OF_JOBS/variations.json. Takes a quarter of an hour of processor time for
 * each; finished trainings are found again.
 *
 *     node --import tsx examples/studies/warmup-variations.ts FOLDER_OF_CIFAR10 FOLDER_OF_JOBS [variation …]
 */
import { join } from "node:path";
import { readCifar10, useBackend } from "closerlook/node";
import { familyData } from "../common/familyImages.js";
import { freezingChecks, freezingRuns } from "../common/freezing.js";
import { writeJson } from "../common/jobs.js";
import type { WarmupFamily, WarmupSettings } from "../common/warmupFamily.js";
import { divergences, measureChange, trainSeeds } from "../common/warmupMeasurements.js";
import { resnetSettings, vggSettings } from "../common/warmupSettings.js";
import { warmupChecks } from "../x09-warmup.js";
import { studyResults } from "./studyResults.js";

const preset = "cpu";
const vgg = vggSettings[preset];
const resnet = resnetSettings[preset]["ResNet-8/2"]!;
const variations: Readonly<Record<string, WarmupSettings>> = {
  // The rate grows as the batch does, × 5, as in the paper.
  "rate in proportion": { ...vgg, largeBatchRate: 0.25 },
  // Still ten updates an epoch, and now × 10 is in proportion.
  "10,000 images": { ...vgg, trainingImagesPerClass: 1000, largeBatch: 1000, seeds: [0] },
  // The FC stack is released at a tenth of the rate.
  "until the first decay": { ...vgg, warmupUpdates: 140 },
  "ResNet-8/2, until the first decay": { ...resnet, warmupUpdates: 140 },
};

const [imageFolder, jobs, ...names] = process.argv.slice(2);
if (imageFolder === undefined || jobs === undefined) {
  throw new Error("The arguments must be the folder of CIFAR-10 and one for finished trainings");
}
await useBackend("wasm");
const data = await readCifar10(imageFolder);
const context = { preset, ...(await studyResults(jobs)) } as const;

const results: Record<string, unknown> = {};
for (const name of names.length > 0 ? names : Object.keys(variations)) {
  const settings = variations[name];
  if (!settings) {
    throw new Error(`A variation must be one of ${Object.keys(variations).join("; ")}`);
  }
  const { images, network } = familyData(settings, { data });
  const family: WarmupFamily = {
    id: "warmup-variation",
    settings: { ...settings, network },
    images,
    environment: {},
  };
  const seeds = await trainSeeds(context, family, freezingRuns);
  const ofResnet = settings.network === resnet.network;
  const measured = [];
  // X11 has no claims about layers.
  if (!ofResnet)
    for (const seed of seeds) measured.push(await measureChange(context, family, seed));
  const idOf = (claim: string) => (ofResnet ? `X11.${claim}.8` : `X10.${claim}`);
  console.log(`\n${name}:\n`);
  const checks = [
    ...(ofResnet ? [] : warmupChecks(measured)),
    ...freezingChecks(seeds, preset, idOf, { figure: "" }),
  ];
  for (const { id, ours, verdict } of checks) console.log(`| ${id} | ${ours} | ${verdict} |`);
  for (const note of divergences(seeds)) console.log(`- ${note}`);
  results[name] = {
    settings,
    checks: checks.map(({ id, ours, verdict }) => ({ id, ours, verdict })),
    accuracy: seeds.map(({ seed, accuracy }) => ({ seed, ...accuracy })),
  };
}
await writeJson(join(jobs, "variations.json"), results);

/**
 * How long a restart takes to throw a network off that fits its training images almost perfectly: the run of X2 by SGDR at
 * preset `cpu` goes on for so many epochs more after w150, and its loss and accuracy are printed.
 *
 *     node --import tsx examples/studies/longer-restart.ts cifar10-folder [epochs]
 */
import { readCifar10, useBackend } from "closerlook/node";
import { familyData } from "../common/familyImages.js";
import { runOf } from "../common/restartFamily.js";
import { plainSettings } from "../common/restartSettings.js";
import { percent } from "../common/verdicts.js";
import { studyResults } from "./studyResults.js";

const [folder = "", more = "20"] = process.argv.slice(2);
await useBackend("wasm");
const settings = plainSettings({ preset: "cpu" });
const { rate, moments } = settings.restarts;
const job = runOf(
  {
    family: "longer",
    environment: {},
    ...familyData(settings, { data: await readCifar10(folder) }),
  },
  settings,
  "restarts",
  { epochs: moments[150] + Number(more), rate, snapshots: [] },
);
const { result } = await studyResults("out/jobs");
const { numbers } = await result(job);
for (const { epoch, accuracy } of numbers.test.slice(moments[150] - 1)) {
  const loss = numbers.trainLoss[epoch - 1]!;
  console.log(`epoch ${epoch}: training loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}`);
}

/**
 * How long a restart takes to throw a network off that fits its training images almost perfectly: the run of X2 by SGDR at
 * preset `cpu` goes on for so many epochs more after w150, and its loss and accuracy are printed.
 *
 *     node --import tsx examples/studies/longer-restart.ts cifar10-folder [epochs]
 */
import { readCifar10, useBackend } from "closerlook/node";
import { familyData } from "../common/familyImages.js";
import { JobStore } from "../common/jobs.js";
import { plainSettings } from "../common/restartSettings.js";
import { trainingRunJob } from "../common/trainingRun.js";

const [folder = "", more = "20"] = process.argv.slice(2);
await useBackend("wasm");
const settings = plainSettings({ preset: "cpu" });
const { images, network } = familyData(settings, { data: await readCifar10(folder) });
const { starts, batchSize, momentum, weightDecay, seed, restarts } = settings;
const job = trainingRunJob(
  "longer-restart",
  {
    network,
    epochs: restarts.moments[150] + Number(more),
    batchSize,
    rate: restarts.rate,
    optimizer: "sgd",
    momentum,
    weightDecay,
    starts,
    seed,
    snapshots: [],
    evaluateEvery: 1,
  },
  images,
  {},
);
const { numbers } = await new JobStore("out/jobs").run(job, {
  signal: new AbortController().signal,
  progress: () => {},
});
for (const { epoch, accuracy } of numbers.test.slice(restarts.moments[150] - 1)) {
  const loss = numbers.trainLoss[epoch - 1]!;
  console.log(
    `epoch ${epoch}: training loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(1)} %`,
  );
}

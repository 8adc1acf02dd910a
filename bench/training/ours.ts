/** A side of the bench of training in Node, in a process of its own: our kernels, or others under tfjs. */
import * as tf from "@tensorflow/tfjs";
import { useBackend } from "closerlook/node";
import { peakMegabytes } from "../machine.js";
import { serve } from "../serve.js";
import type { Environment, Run, Task } from "../side.js";
import { bareKernelRate } from "./bareKernel.js";
import { useComposedKernels } from "./composed.js";
import { type Computation, kernelComputation } from "./kernels.js";
import { profiled } from "./profiled.js";
import { stepComputation } from "./steps.js";
import type { Answer, TrainingTask } from "./task.js";

async function startKernels({ kernels, threads }: TrainingTask): Promise<Environment> {
  if (kernels === "composed") {
    await useComposedKernels();
    return {};
  }
  if (kernels === "cpu") {
    await useBackend("cpu");
    return {};
  }
  const backend = await useBackend("wasm", { threads });
  return { tfjs: backend.version, our_threads: backend.threads ?? 1 };
}

/** Seconds of one of as many computations as fill the time. */
async function timed(computation: Computation, enoughSeconds: number) {
  const start = performance.now();
  let count = 0;
  let spent: number;
  do {
    await computation.once();
    count++;
    spent = (performance.now() - start) / 1000;
  } while (spent < enoughSeconds);
  return { seconds: spent / count, spent };
}

await serve(async (given: Task) => {
  const task = given as TrainingTask;
  const environment = await startKernels(task);
  const computation =
    task.work.kind === "step"
      ? await stepComputation(task.work, task)
      : kernelComputation(task.work);
  let values: readonly number[] = [];

  const run = async (request: string): Promise<Run<Answer>> => {
    let time: Pick<Run<Answer>, "seconds" | "spent">;
    if (request === "warm") {
      const first = await computation.first();
      values = first.values;
      time = first;
    } else time = await timed(computation, task.enoughSeconds);
    const rate = task.kernels === "ours" ? bareKernelRate() : undefined;
    const answer = { values, ...(rate !== undefined && { bareKernel: rate }) };
    return { ...time, answer, peakMegabytes: peakMegabytes() };
  };

  return {
    environment,
    perform: (request) =>
      request === "profile" ? profiled(tf.getBackend(), () => computation.once()) : run(request),
    close: () => computation.close(),
  };
});

import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { profiled } from "../../bench/training/profiled.js";

/** In milliseconds; only computing makes it go on. */
let clock = 0;

function spend(milliseconds: number): void {
  clock += milliseconds;
}

const output: tf.TensorInfo = { dataId: {}, shape: [], dtype: "float32" };

const inner: tf.KernelConfig = {
  kernelName: "BenchInner",
  backendName: "cpu",
  kernelFunc: () => {
    spend(5);
    return output;
  },
};

/** Calls the inner kernel twice, as composed kernels do. */
const outer: tf.KernelConfig = {
  kernelName: "BenchOuter",
  backendName: "cpu",
  kernelFunc: (call) => {
    spend(20);
    for (let i = 0; i < 2; i++) tf.getKernel("BenchInner", "cpu").kernelFunc(call);
    return output;
  },
};

const call = (name: string) => tf.getKernel(name, "cpu").kernelFunc({ inputs: {}, backend: {} });

beforeEach(() => [inner, outer].forEach(tf.registerKernel));
afterEach(() => {
  for (const { kernelName } of [inner, outer]) tf.unregisterKernel(kernelName, "cpu");
});

test("counts calls, and gives each kernel its own time only", async () => {
  const compute = async () => {
    call("BenchOuter");
    call("BenchInner");
    spend(10);
  };
  const { seconds, kernels } = await profiled("cpu", compute, () => clock);
  expect(kernels.map(({ kernel, calls }) => [kernel, calls])).toEqual([
    ["BenchOuter", 1],
    ["BenchInner", 3],
  ]);
  expect(kernels.map((one) => one.seconds)).toBeAllclose([0.02, 0.015], { rtol: 1e-12 });
  expect(seconds).toBeAllclose(0.045, { rtol: 1e-12 });
});

test("leaves the kernels as they were, whatever happens", async () => {
  const failing = profiled("cpu", async () => {
    call("BenchOuter");
    throw new Error("too bad");
  });
  await expect(failing).rejects.toThrow("too bad");
  expect(tf.getKernel("BenchOuter", "cpu")).toBe(outer);
  expect(tf.getKernel("BenchInner", "cpu")).toBe(inner);
});

import { expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import type { Processor } from "../../../src/kernels/index.js";
import {
  convolution,
  depthwiseFilterGradient,
  depthwiseInputGradient,
  filterGradient,
  inputGradient,
  product,
  repeatableJobs,
} from "../../../src/kernels/training/index.js";
import { singleThread, testEngine } from "./engine.js";

/** Everything that the kernels compute, on a processor that was changed. */
function results(change: (processor: Processor) => Processor): Float32Array[] {
  const { engine, put, space, take } = testEngine(change(singleThread()));
  const random = new Random(5);
  const numbers = (count: number) =>
    put(Float32Array.from({ length: count }, () => random.normal()));
  const convolved = {
    ...{ images: 20, height: 9, width: 8, channels: 6, top: 1, left: 1 },
    ...{ filterHeight: 3, filterWidth: 3, strideHeight: 1, strideWidth: 1 },
    ...{ outputHeight: 9, outputWidth: 8, outputChannels: 12 },
  };
  const depthwise = { ...convolved, dilationHeight: 1, dilationWidth: 1 };
  const [inputs, outputs, weights] = [20 * 9 * 8 * 6, 20 * 9 * 8 * 12, 3 * 3 * 6 * 12];
  const [input, dy, filter] = [numbers(inputs), numbers(outputs), numbers(weights)];
  const made: [address: number, count: number][] = [];
  const result = (count: number): number => {
    const address = space(count);
    made.push([address, count]);
    return address;
  };
  convolution(engine, convolved, { input, filter, output: result(outputs) }, "relu");
  inputGradient(engine, convolved, { dy, filter, gradient: result(inputs) });
  filterGradient(engine, convolved, { input, dy, gradient: result(weights) });
  const wide = { ...convolved, images: 3, channels: 32, outputChannels: 36 };
  const [wideInputs, wideOutputs, wideWeights] = [3 * 9 * 8 * 32, 3 * 9 * 8 * 36, 3 * 3 * 32 * 36];
  const [wideInput, wideDy, wideFilter] = [wideInputs, wideOutputs, wideWeights].map(numbers);
  const forward = { input: wideInput!, filter: wideFilter!, output: result(wideOutputs) };
  convolution(engine, wide, forward);
  const backward = { input: wideInput!, dy: wideDy!, gradient: result(wideWeights) };
  filterGradient(engine, wide, backward);
  depthwiseInputGradient(engine, depthwise, { dy, filter, gradient: result(inputs) });
  depthwiseFilterGradient(engine, depthwise, { input, dy, gradient: result(3 * 3 * 12) });
  const side = (transposed: boolean) => ({
    address: numbers(2 * 70 * 70),
    transposed,
    batch: [0, 1],
  });
  product(engine, { m: 70, k: 70, n: 70 }, side(true), side(false), { output: result(2 * 4900) });
  return made.map(([address, count]) => take(address, count));
}

test("an item of a repeatable job may be computed once more, at any time before the job ends", () => {
  const once = results((processor) => processor);
  const repeated = new Set<string>();
  const twice = results((processor) => ({
    ...processor,
    run(name, numbers, items, scratch, scratchBytes) {
      processor.run(name, numbers, items, scratch, scratchBytes);
      if (!repeatableJobs.has(name)) return;
      repeated.add(name);
      processor.run(name, numbers, items, scratch, scratchBytes);
    },
  }));
  expect(twice).toEqual(once);
  expect(repeated).toEqual(repeatableJobs);
});

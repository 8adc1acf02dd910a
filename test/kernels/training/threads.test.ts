import { afterAll, expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import { MAX_PAGES, sharedModule } from "../../../src/kernels/index.js";
import {
  areFinite,
  batchNormalizationGradient,
  clip,
  columnMoments,
  columnSums,
  compileTrainingKernels,
  momentumUpdate,
  type PoolingShape,
  pool,
  poolGradient,
} from "../../../src/kernels/training/index.js";
import { startThreadPool } from "../../../src/node/threadPool.js";
import { testEngine } from "./engine.js";

const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared: true });
const threads = startThreadPool({
  module: sharedModule(compileTrainingKernels()!),
  memory,
  fusedMultiplyAdd: false,
  threads: 3,
  where: "test",
  patienceSeconds: 60,
});
afterAll(() => threads.close());

const shape: PoolingShape = {
  ...{ images: 9, height: 33, width: 31, channels: 19, top: 1, left: 0 },
  ...{ windowHeight: 2, windowWidth: 3, strideHeight: 2, strideWidth: 2 },
  ...{ outputHeight: 17, outputWidth: 15 },
};
const matrix = { rows: 9 * 33 * 31, columns: 19 };

/** Everything that the kernels of many items give. */
function everything({ engine, put, space, take }: ReturnType<typeof testEngine>): number[][] {
  const random = new Random(1);
  const values = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const count = matrix.rows * matrix.columns;
  const pooled = 9 * 17 * 15 * 19;
  const [input, dy, small] = [put(values(count)), put(values(count)), put(values(pooled))];
  const [output, gradient, newVelocity] = [space(count), space(count), space(count)];
  const results: ArrayLike<number>[] = [];
  const moments = columnMoments(engine, matrix, input);
  const none = { dMean: new Float32Array(19), dVariance: new Float32Array(19) };
  const places = { dy, input, gradient };
  const by = batchNormalizationGradient(engine, matrix, places, { ...moments, epsilon: 1 }, none);
  results.push(moments.mean, moments.variance, by.scale, by.offset, take(gradient, count));
  results.push(columnSums(engine, { batches: 9, rows: 33 * 31, columns: 19 }, input));
  for (const kind of ["max", "average"] as const) {
    pool(engine, kind, shape, { input, output });
    poolGradient(engine, kind, shape, { dy: small, input, gradient });
    results.push(take(output, pooled), take(gradient, count));
  }
  clip(engine, count, 6, { input, output });
  results.push(take(output, count));
  const rule = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true };
  const update = { length: count, weights: input, gradient: dy, newWeights: output };
  momentumUpdate(engine, update, { from: 0, to: newVelocity }, rule);
  results.push(take(output, count), take(newVelocity, count));
  results.push([Number(areFinite(engine, [{ address: output, length: count }]))]);
  return results.map((result) => Array.from(result));
}

test("three threads give the bits of one", async () => {
  await threads.ready;
  const one = everything(testEngine());
  const three = everything(testEngine(threads));
  expect(three.length).toBe(one.length);
  three.forEach((result, i) => {
    expect(result.length).toBe(one[i]!.length);
    expect(result.findIndex((value, k) => !Object.is(value, one[i]![k]))).toBe(-1);
  });
});

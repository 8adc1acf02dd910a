import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, test } from "vitest";
import { readArray, writeArrays } from "../../src/node/index.js";
import {
  captureActivations,
  distill,
  evaluate,
  type Inputs,
  type LabelledData,
  train,
  weightsOf,
} from "../../src/tfjs/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { clusters, denseModel } from "./models.js";

const folder = temporaryFolder();
const options = { schedule: 0.1, epochs: 2, batchSize: 5 };
const whole = [0, 1, 2, 3, 4, 5, 100, 127];

describe("inputs", () => {
  test.each([
    Float64Array,
    Int32Array,
    Int16Array,
    Int8Array,
    Uint32Array,
    Uint16Array,
    Uint8Array,
    Uint8ClampedArray,
  ])("the numbers count, not the array's kind: %o", async (Kind) => {
    const model = denseModel();
    const x = { data: Kind.from(whole), shape: [4, 2] };
    const expected = { data: Float32Array.from(whole), shape: [4, 2] };
    const y = [0, 1, 2, 0];
    expect(await captureActivations(model, x)).toEqual(await captureActivations(model, expected));
    expect(await evaluate(model, { x, y })).toEqual(await evaluate(model, { x: expected, y }));
    expect((await train(denseModel(), { x, y }, options)).losses).toEqual(
      (await train(denseModel(), { x: expected, y }, options)).losses,
    );
  });

  test("an array is taken as it is read from a file", async () => {
    const path = folder("x.npy");
    const labels = folder("y.npy");
    const { x, y } = clusters(12);
    await writeArrays(path, { x });
    // numpy's own kind of integers.
    await writeArrays(labels, { y: { data: BigInt64Array.from(y, BigInt), shape: [12] } });
    const model = denseModel();
    expect(await captureActivations(model, await readArray(path))).toEqual(
      await captureActivations(model, x),
    );
    const data = { x: await readArray(path), y: (await readArray(labels)).data };
    expect(data.y).toBeInstanceOf(BigInt64Array);
    const read = denseModel();
    const result = await train(read, data, { ...options, validation: data });
    expect(result).toEqual(await train(model, { x, y }, { ...options, validation: { x, y } }));
    expect(weightsOf(read).read()).toEqual(weightsOf(model).read());
  });

  test("nested arrays are refused with the way to a tensor, which is taken", async () => {
    const x = [0, 1, 2].map((i) => [i, -i]);
    const given = { x: x as never, y: [0, 1, 2] };
    const message = (where: string) =>
      `${where}: data.x must be a tensor or { data, shape }, got [[0, 0], [1, -1], [2, -2]]. ` +
      "Nested arrays become a tensor by tf.tensor(data.x)";
    await expect(train(denseModel(), given, options)).rejects.toThrow(message("train"));
    const student = denseModel();
    for (const data of [given, { x: given.x }]) {
      await expect(distill(student, denseModel(2), data, options)).rejects.toThrow(
        message("distill"),
      );
    }
    const { updates } = await train(denseModel(), { ...given, x: tf.tensor(x) }, options);
    expect(updates).toBe(2);
    // Other things have no such way.
    await expect(train(denseModel(), { ...given, x: "x" as never }, options)).rejects.toThrow(
      /, got "x"$/,
    );
  });

  test("the types take what readArray gives", () => {
    expectTypeOf<Awaited<ReturnType<typeof readArray>>>().toExtend<Inputs>();
    expectTypeOf<Awaited<ReturnType<typeof readArray>>["data"]>().toExtend<LabelledData["y"]>();
    expectTypeOf<string[]>().not.toExtend<LabelledData["y"]>();
  });
});

describe("labels", () => {
  test("of 64 bits, signed or not, are the same classes", async () => {
    const model = denseModel();
    const { x, y } = clusters(12);
    const expected = await evaluate(model, { x, y });
    for (const Kind of [BigInt64Array, BigUint64Array]) {
      expect(await evaluate(model, { x, y: new Kind(Array.from(y, BigInt)) })).toEqual(expected);
    }
  });

  test.each<[string, () => tf.Tensor, (y: tf.Tensor) => number[], string]>([
    [
      "of classes",
      () => tf.tensor1d([0, 2, 1], "int32"),
      (y) => Array.from(y.dataSync()),
      "Array.from(data.y.dataSync())",
    ],
    [
      "of a column of classes",
      () => tf.tensor2d([[0], [2], [1]]),
      (y) => Array.from(y.dataSync()),
      "Array.from(data.y.dataSync())",
    ],
    [
      "of rows with a one",
      () => tf.oneHot(tf.tensor1d([0, 2, 1], "int32"), 3),
      (y) => Array.from(tf.argMax(y, -1).dataSync()),
      "Array.from(tf.argMax(data.y, -1).dataSync())",
    ],
  ])(
    "a tensor %s is refused with the way to an array, which is taken",
    async (_, make, read, way) => {
      const y = make();
      const x = tf.tensor2d([0, 1, 2, 3, 4, 5], [3, 2]);
      expect(read(y)).toEqual([0, 2, 1]);
      await expect(train(denseModel(), { x, y: y as never }, options)).rejects.toThrow(
        `train: data.y must be an array of class indices, got Tensor. Read the tensor: ${way}`,
      );
      expect((await train(denseModel(), { x, y: read(y) }, options)).updates).toBe(2);
      await expect(train(denseModel(), { x, y: "y" as never }, options)).rejects.toThrow(
        /, got "y"$/,
      );
    },
  );
});

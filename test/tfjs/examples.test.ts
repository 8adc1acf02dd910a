import { describe, expect, expectTypeOf, test } from "vitest";
import { readArray, writeArrays } from "../../src/node/index.js";
import {
  captureActivations,
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
});

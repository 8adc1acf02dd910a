import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { fromTensor } from "../../src/tfjs/index.js";
import { expectNoLeak } from "./models.js";

describe("fromTensor", () => {
  test("gives the numbers row-major with the shape", () => {
    expect(fromTensor(tf.tensor3d([[[1, 2]], [[3, 4]]]))).toEqual({
      data: Float32Array.of(1, 2, 3, 4),
      shape: [2, 1, 2],
    });
    expect(fromTensor(tf.scalar(7))).toEqual({ data: Float32Array.of(7), shape: [] });
  });

  test("integers stay exact, truth values become 0 and 1", () => {
    const { data } = fromTensor(tf.tensor1d([2 ** 31 - 1, -3], "int32"));
    expect(data).toEqual(Float64Array.of(2 ** 31 - 1, -3));
    expect(fromTensor(tf.tensor1d([true, false])).data).toEqual(Float32Array.of(1, 0));
  });

  test("the array is a copy, also where the backend hands out its own", () => {
    const tensor = tf.tensor1d([1, 2]);
    const { data } = fromTensor(tensor);
    data[0] = 9;
    expect(Array.from(tensor.dataSync())).toEqual([1, 2]);
  });

  test("leaves no tensor behind and the tensor alive", async () => {
    const tensor = tf.ones([3, 2]);
    await expectNoLeak(() => fromTensor(tensor));
    expect(tensor.isDisposed).toBe(false);
  });

  test("other things are refused", () => {
    expect(() => fromTensor([1, 2] as never)).toThrow(
      new TypeError("fromTensor: tensor must be a tensor, got [1, 2]"),
    );
    expect(() => fromTensor(tf.tensor1d(["a"]))).toThrow("of dtype float32, int32 or bool");
  });
});

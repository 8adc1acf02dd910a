import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { crossEntropies, crossEntropy, scoreExample } from "../../src/tfjs/crossEntropy.js";
import "./models.js";

const random = new Random(3, "logits");
const values = Float32Array.from({ length: 35 }, () => 6 * random.normal());
const classes = [0, 4, 2, 2, 1, 3, 0];
const expected = classes.map((label, i) => scoreExample(values, 5 * i, 5, label).loss);

describe("cross-entropy", () => {
  const logits = tf.tensor2d(values, [7, 5]);
  const labels = tf.tensor1d(classes, "int32");

  test("of each example, and their mean, in f32 as in f64", () => {
    expect(crossEntropies(logits, labels).dataSync()).toBeAllclose(expected, { rtol: 1e-5 });
    const mean = expected.reduce((sum, loss) => sum + loss) / 7;
    expect(crossEntropy(logits, labels).dataSync()).toBeAllclose([mean], { rtol: 1e-5 });
  });

  test("has the gradient (softmax − onehot) / examples, that of the mean in the same bits", () => {
    const mean = tf
      .grad((z) => crossEntropy(z, labels))(logits)
      .dataSync();
    const softmax = tf.softmax(logits).dataSync();
    const formula = softmax.map((q, at) => (q - +(classes[Math.floor(at / 5)] === at % 5)) / 7);
    expect(mean).toBeAllclose(formula, { rtol: 1e-5, atol: 1e-7 });
    const byExample = tf.grad((z) => tf.div(tf.sum(crossEntropies(z, labels)), 7))(logits);
    expect(byExample.dataSync()).toEqual(mean);
  });

  test("with what is no class is NaN for this example alone", () => {
    const wrong = tf.tensor1d([0, 5, 2, 2, -1, 3, 0], "int32");
    const losses = Array.from(crossEntropies(logits, wrong).dataSync(), Number.isNaN);
    expect(losses).toEqual([false, true, false, false, true, false, false]);
  });
});

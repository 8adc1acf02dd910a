import * as tf from "@tensorflow/tfjs";
import { normals } from "../../examples/common/random.js";
import type { Convolution, Product } from "./work.js";

/** Something that can be computed again and again. */
export interface Computation {
  /** What the answer is made of: fewer numbers than a whole result, the seconds of the fastest and of all of it. */
  first(): Promise<{ values: readonly number[]; seconds: number; spent: number }>;
  once(): Promise<void>;
  close(): void;
}

const SAMPLES = 1000;

/** One kernel on the same random operands in every process. */
export function kernelComputation(work: Convolution | Product): Computation {
  const compute = work.kind === "convolution" ? convolution(work) : product(work);
  return {
    async first() {
      const start = performance.now();
      const result = compute();
      const seconds = (performance.now() - start) / 1000;
      const all = result.dataSync();
      result.dispose();
      const stride = Math.max(1, Math.floor(all.length / SAMPLES));
      return {
        values: Array.from(all).filter((_, i) => i % stride === 0),
        seconds,
        spent: seconds,
      };
    },
    async once() {
      compute().dispose();
    },
    close() {},
  };
}

function convolution({ result, batch, size, inputs, outputs }: Convolution): () => tf.Tensor {
  const x = random([batch, size, size, inputs], 1);
  const dy = random([batch, size, size, outputs], 2);
  const filter = random([3, 3, inputs, outputs], 3);
  const attributes = { strides: [1, 1], dilations: [1, 1], pad: "same", dataFormat: "NHWC" };
  switch (result) {
    case "output":
      return kernel("Conv2D", { x, filter }, attributes);
    case "input gradient":
      return kernel("Conv2DBackpropInput", { dy, filter }, { ...attributes, inputShape: x.shape });
    case "filter gradient":
      return kernel(
        "Conv2DBackpropFilter",
        { x, dy },
        { ...attributes, filterShape: filter.shape },
      );
  }
}

function product({ size, transposed }: Product): () => tf.Tensor {
  const inputs = { a: random([size, size], 1), b: random([size, size], 2) };
  const attributes = { transposeA: transposed === "first", transposeB: transposed === "second" };
  return kernel("BatchMatMul", inputs, attributes);
}

const kernel =
  (name: string, inputs: Record<string, tf.Tensor>, attributes: Record<string, unknown>) => () =>
    tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;

function random(shape: number[], seed: number): tf.Tensor {
  const size = shape.reduce((product, factor) => product * factor, 1);
  return tf.tensor(Float32Array.from({ length: size }, normals(seed)), shape);
}

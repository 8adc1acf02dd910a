import * as tf from "@tensorflow/tfjs-core";
import { clip, clipGradient } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { canFuse, type GradientOf } from "./gradients.js";
import { tensorMemory } from "./tensorMemory.js";

/** `Relu` (no limit) and `Relu6`; NaN stays NaN. */
export const reluKernel =
  (limit: number) =>
  (shipped: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    if (!isFloat(x)) return shipped(call);
    const backend = call.backend as WasmBackend;
    const y = backend.makeOutput(x.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([x], [y], (address) =>
      clip(engine, tf.util.sizeFromShape(x.shape), limit, {
        input: address(x),
        output: address(y),
      }),
    );
    return y;
  };

const name = "CloserlookReluGradient";

/** dy where 0 < x <= limit, NaN where x is NaN, else 0. tfjs itself composes it of four operations. */
export const reluGradient: tf.KernelConfig = {
  kernelName: name,
  backendName: "wasm",
  kernelFunc: (call) => {
    const { dy, x } = call.inputs as { dy: tf.TensorInfo; x: tf.TensorInfo };
    const { limit } = call.attrs as { limit: number };
    const backend = call.backend as WasmBackend;
    const dx = backend.makeOutput(x.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([dy, x], [dx], (address) =>
      clipGradient(engine, tf.util.sizeFromShape(x.shape), limit, {
        dy: address(dy),
        input: address(x),
        gradient: address(dx),
      }),
    );
    return dx;
  },
};

/** The output is positive where the input is, so that the input need not be kept until the backward pass. */
export const gradientOfRelu: GradientOf = () => ({
  kernelName: "Relu",
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({
    x: () => {
      const gradient = dy as tf.Tensor;
      return canFuse(gradient, y)
        ? tf.engine().runKernel(name, { dy: gradient, x: y! }, { limit: Number.POSITIVE_INFINITY })
        : tf.mul(gradient, tf.cast(tf.step(y!), "float32"));
    },
  }),
});

export const gradientOfRelu6: GradientOf = (shipped) => ({
  ...shipped,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved;
    const gradient = dy as tf.Tensor;
    if (!canFuse(gradient, x)) return shipped.gradFunc(dy, saved, attributes);
    return { x: () => tf.engine().runKernel(name, { dy: gradient, x: x! }, { limit: 6 }) };
  },
});

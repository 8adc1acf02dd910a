import { backend_util, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { type PoolingShape, pool, poolGradient } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import type { ConvolutionAttributes } from "./convolutionGeometry.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

type Kind = "max" | "average";
type Shape4D = [number, number, number, number];

interface PoolingAttributes extends ConvolutionAttributes {
  readonly filterSize: number | [number, number];
}

/** By tfjs's own rules; a gradient does not get to know the rounding, but `outputShape`. */
function geometry(
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolingAttributes,
  outputShape?: readonly number[],
): { sizes: PoolingShape; outShape: number[] } {
  const info = backend_util.computePool2DInfo(
    shape as Shape4D,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const outShape = [...(outputShape ?? info.outShape)];
  return {
    outShape,
    sizes: {
      images: info.batchSize,
      height: info.inHeight,
      width: info.inWidth,
      channels: info.inChannels,
      top: info.padInfo.top,
      left: info.padInfo.left,
      windowHeight: info.filterHeight,
      windowWidth: info.filterWidth,
      strideHeight: info.strideHeight,
      strideWidth: info.strideWidth,
      outputHeight: outShape[1]!,
      outputWidth: outShape[2]!,
    },
  };
}

/** `MaxPool` and `AvgPool`. */
export const poolKernel =
  (kind: Kind) =>
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    if (!isFloat(x)) return shipped(call);
    const backend = call.backend as WasmBackend;
    const { sizes, outShape } = geometry(x.shape, call.attrs as unknown as PoolingAttributes);
    const y = backend.makeOutput(outShape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([x], [y], (address) =>
      pool(engine, kind, sizes, { input: address(x), output: address(y) }),
    );
    return y;
  };

/**
 * `MaxPoolGrad` and `AvgPoolGrad`.
 *
 * The shipped gradient of max pooling starts its search at the smallest positive number, so that a window without positive
 * inputs gets no gradient; and it takes the last of equal inputs. The shipped gradient of average pooling, and the cpu
 * backend's, divides by the size of the window also at the border, where the mean is one of fewer numbers.
 */
export const poolGradientKernel =
  (kind: Kind): KernelFunc =>
  (call) => {
    const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
    const backend = call.backend as WasmBackend;
    const attributes = call.attrs as unknown as PoolingAttributes;
    const { sizes } = geometry(input.shape, attributes, dy.shape);
    const dx = backend.makeOutput(input.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within(kind === "max" ? [dy, input] : [dy], [dx], (address) =>
      poolGradient(engine, kind, sizes, {
        dy: address(dy),
        ...(kind === "max" && { input: address(input) }),
        gradient: address(dx),
      }),
    );
    return dx;
  };

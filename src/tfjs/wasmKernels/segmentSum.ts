import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { makeZeros, type WasmBackend } from "./compose.js";

/** Sum of the rows of each segment: the gradient of `gather`, and so of an embedding layer. */
export const unsortedSegmentSum: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  const wasm = backend as WasmBackend;
  const [sum, result] = makeZeros(wasm, [numSegments, ...x.shape.slice(1)]);
  const xs = wasm.typedArrayFromHeap(x);
  const ids = wasm.typedArrayFromHeap(segmentIds);
  const row = result.length / numSegments;
  const valuesPerId = xs.length / ids.length;
  for (let i = 0; i < xs.length; i++) {
    const segment = ids[Math.floor(i / valuesPerId)]!;
    if (segment < 0 || segment >= numSegments) continue;
    const at = segment * row + (i % row);
    result[at] = result[at]! + xs[i]!;
  }
  return sum;
};

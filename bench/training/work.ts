import { forwardFlops, type NetworkShape } from "../../examples/common/networkShapes.js";

/** A 3 × 3 convolution with padding "same" of square images, or one of its gradients. */
export interface Convolution {
  readonly kind: "convolution";
  readonly result: "output" | "input gradient" | "filter gradient";
  readonly batch: number;
  /** Height and width of the images. */
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** A product of two square matrices. */
export interface Product {
  readonly kind: "product";
  readonly size: number;
  readonly transposed?: "first" | "second";
}

/** A whole step of training: forward, backward, update. */
export interface Step {
  readonly kind: "step";
  /** Whether a curve between two networks is trained, which takes the same gradient. */
  readonly curve?: boolean;
  /** What of the network is frozen. */
  readonly frozen?: "convolutions" | "classifier";
  readonly network: NetworkShape;
  readonly batch: number;
}

export type Work = Convolution | Product | Step;

/**
 * Floating-point operations that the result needs, two for each multiply-add. A step needs three times those of the
 * forward pass, whatever a side does beyond that; one with frozen layers counts as a whole one, so that rates compare times.
 */
export function usefulFlops(work: Work): number {
  switch (work.kind) {
    case "convolution":
      return 2 * 9 * work.batch * work.size ** 2 * work.inputs * work.outputs;
    case "product":
      return 2 * work.size ** 3;
    case "step":
      return 3 * forwardFlops(work.network) * work.batch;
  }
}

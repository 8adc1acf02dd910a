/**
 * GFLOP/s of the innermost kernel of our products on one thread, on operands that lie in the nearest cache: what a
 * product or a convolution could reach at most. Undefined while no such kernel can be called on its own.
 */
export const bareKernelRate: (() => number) | undefined = undefined;

declare module "mnist" {
  /** Digit k's images, one after another, 28 × 28 grey values in [0, 1]. */
  const mnist: Record<number, { readonly raw: readonly number[] }>;
  export default mnist;
}

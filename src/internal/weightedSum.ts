/** Σ_j coefficients_j · points_j, summed in double precision and rounded once. */
export function weightedSum(
  coefficients: ArrayLike<number>,
  points: readonly Float32Array[],
): Float32Array {
  const active = points
    .map((point, j) => ({ point, coefficient: coefficients[j]! }))
    .filter(({ coefficient }) => coefficient !== 0);
  const result = new Float32Array(points[0]!.length);
  for (let i = 0; i < result.length; i++) {
    // From −0, the number that changes no other when added to it: a single point keeps its every bit.
    let sum = -0;
    for (const { point, coefficient } of active) sum += coefficient * point[i]!;
    result[i] = sum;
  }
  return result;
}

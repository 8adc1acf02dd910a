import { permutation, Random } from "../internal/random.js";

export type CurvePositions = "uniform" | "stratified" | "antithetic";

/**
 * The position on a curve at every update, in [0, 1]; a function of the seed, of which a longer training has a longer
 * list that begins the same.
 */
export function curvePositions(
  kind: CurvePositions,
  updates: number,
  updatesPerEpoch: number,
  seed: number,
): number[] {
  const random = new Random(seed, "positions");
  const positions: number[] = [];
  while (positions.length < updates) {
    if (kind === "uniform") positions.push(random.uniform());
    else if (kind === "antithetic") {
      const t = random.uniform();
      positions.push(t, 1 - t);
    } else {
      for (const stratum of permutation(updatesPerEpoch, random)) {
        positions.push((stratum + random.uniform()) / updatesPerEpoch);
      }
    }
  }
  return positions.slice(0, updates);
}

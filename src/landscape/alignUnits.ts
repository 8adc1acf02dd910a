import { munkres } from "munkres";
import { checkInteger, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import type { Dense } from "../internal/matrix.js";
import { permutation, Random } from "../internal/random.js";
import { linearAlgebra } from "../kernels/index.js";

/** A variable, and which groups of units its axes count. */
export interface AlignedVariable {
  /** Where it begins in the flat weights. */
  readonly offset: number;
  /** Its size along each axis, row-major; an axis may be split in two for this. */
  readonly shape: readonly number[];
  /** For each axis the name of the group whose units it counts; null if their order is fixed. */
  readonly groups: readonly (string | null)[];
}

export interface AlignUnitsOptions {
  /** The order in which groups are looked at; another seed may end in another alignment. @defaultValue 0 */
  seed?: number;
}

export interface AlignUnitsResult {
  /** The second network with its units in the order of the first's: the same function, other weights. */
  readonly weights: Float32Array;
  /** By group: unit i of `weights` is unit `permutations[group][i]` of the second network. */
  readonly permutations: Readonly<Record<string, Uint32Array>>;
  /** How often all groups were looked at, the last time in vain. */
  readonly rounds: number;
}

/** Gains below this share of what is gained from are rounding. */
const LEAST_GAIN = 1e-12;

/** A few dozen are usual; rounding must not make it go round in circles. */
const MOST_ROUNDS = 1000;

/**
 * Puts the units of a network in the order that brings its weights closest to those of another.
 *
 *     minimise ‖a − P(b)‖,   P = any permutation of the units of each group, wherever a variable counts them
 *
 * The order of hidden units is arbitrary, so that two independent trainings are far apart even where they found the same
 * function; after the alignment a barrier between them tells of more than that. The groups are permuted in turns,
 * each by a linear assignment that is optimal while the others stay as they are, until none gains: a local optimum.
 * In batch norm, permute the parameters alike; recompute the statistics of whatever lies between the two networks.
 *
 * @param a - Flat weights of the network that stays.
 * @param b - Flat weights of the network whose units are permuted.
 * @param variables - All variables with an axis that counts units, in flat weights of both networks; see
 * {@link chainOfLayers} for plain chains. What no variable covers stays as it is.
 * @param options - See {@link AlignUnitsOptions}.
 * @returns See {@link AlignUnitsResult}.
 * @throws RangeError if weights or variables do not fit together, or a group counts two axes of one variable;
 * TypeError for another kind of value.
 * @example
 * ```ts
 * import { alignUnits } from "closerlook/landscape";
 * // two hidden units with kernel [1, 2], and the kernel [2, 1] of the output
 * const variables = [
 *   { offset: 0, shape: [1, 2], groups: [null, "hidden"] },
 *   { offset: 2, shape: [2, 1], groups: ["hidden", null] },
 * ];
 * const a = Float32Array.of(1, 5, -2, 3);
 * const b = Float32Array.of(4, 1, 3, -2);
 * const { weights, permutations } = alignUnits(a, b, variables);
 * Array.from(weights); // [1, 4, -2, 3]
 * Array.from(permutations.hidden ?? []); // [1, 0]
 * ```
 * @see Ainsworth et al. 2023, algorithm 1 (weight matching).
 */
export function alignUnits(
  a: Float32Array,
  b: Float32Array,
  variables: readonly AlignedVariable[],
  options: AlignUnitsOptions = {},
): AlignUnitsResult {
  const where = "alignUnits";
  checkWeights(where, "a", a);
  checkWeights(where, "b", b, a.length);
  const sizes = groupSizes(where, variables, a.length);
  checkOptions(where, options, ["seed"]);
  const { seed = 0 } = options;
  checkInteger(where, "seed", seed);

  const random = new Random(seed, "groups");
  const groups = [...sizes.keys()];
  const permutations = new Map<string, Uint32Array>(
    groups.map((group) => [group, Uint32Array.from({ length: sizes.get(group)! }, (_, i) => i)]),
  );
  let rounds = 0;
  for (let gained = true; gained && rounds < MOST_ROUNDS; rounds++) {
    gained = false;
    for (const g of permutation(groups.length, random)) {
      const group = groups[g]!;
      const products = innerProducts(a, b, variables, permutations, group);
      const better = assign(products);
      const before = permutations.get(group)!;
      const [now, then] = [total(products, better), total(products, before)];
      const size = products.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (now - then <= LEAST_GAIN * size * before.length) continue;
      permutations.set(group, better);
      gained = true;
    }
  }

  const weights = b.slice();
  for (const variable of variables) {
    rearrange(b, variable, permutations, undefined, weights.subarray(variable.offset));
  }
  return { weights, permutations: Object.fromEntries(permutations), rounds };
}

/**
 * ⟨unit i of a, unit j of b⟩ over all weights at the units of a group, while the other groups of b are permuted as
 * they are now.
 */
function innerProducts(
  a: Float32Array,
  b: Float32Array,
  variables: readonly AlignedVariable[],
  permutations: ReadonlyMap<string, Uint32Array>,
  group: string,
): Dense {
  const others = new Map(permutations);
  others.delete(group);
  let sum: Dense | undefined;
  for (const variable of variables) {
    const axis = variable.groups.indexOf(group);
    if (axis < 0) continue;
    const columns = variable.shape[axis]!;
    const unitsOf = (weights: Float32Array, by: ReadonlyMap<string, Uint32Array>) => {
      const data = new Float32Array(sizeOf(variable));
      rearrange(weights, variable, by, axis, data);
      return { data, rows: data.length / columns, columns };
    };
    const product = linearAlgebra.crossProduct(unitsOf(a, new Map()), unitsOf(b, others));
    if (sum) for (let i = 0; i < product.data.length; i++) sum.data[i]! += product.data[i]!;
    else sum = product;
  }
  return sum!;
}

/**
 * Copies a variable with its units permuted. With `last`, that axis becomes the last one, so that each column
 * of the rows has one unit's weights.
 */
function rearrange(
  weights: Float32Array,
  { offset, shape, groups }: AlignedVariable,
  permutations: ReadonlyMap<string, Uint32Array>,
  last: number | undefined,
  result: Float32Array,
): void {
  const order = [...shape.keys()].filter((axis) => axis !== last);
  if (last !== undefined) order.push(last);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((x, y) => x * y, 1));
  let to = 0;
  const walk = (depth: number, from: number): void => {
    const axis = order[depth];
    if (axis === undefined) {
      result[to++] = weights[from]!;
      return;
    }
    const units = permutations.get(groups[axis] ?? "");
    for (let i = 0; i < shape[axis]!; i++) {
      walk(depth + 1, from + (units ? units[i]! : i) * strides[axis]!);
    }
  };
  walk(0, offset);
}

/** The permutation with the largest total. */
function assign({ data, rows, columns }: Dense): Uint32Array {
  const costs = Array.from({ length: rows }, (_, i) =>
    data.subarray(i * columns, (i + 1) * columns).map((value) => -value),
  );
  const best = new Uint32Array(rows);
  for (const [i, j] of munkres(costs)) best[i] = j;
  return best;
}

const total = ({ data, columns }: Dense, units: Uint32Array): number =>
  units.reduce((sum, j, i) => sum + data[i * columns + j]!, 0);

const sizeOf = ({ shape }: AlignedVariable): number => shape.reduce((x, y) => x * y, 1);

/** The number of units of each group, in the order in which variables name them. */
function groupSizes(
  where: string,
  variables: readonly AlignedVariable[],
  length: number,
): Map<string, number> {
  if (!Array.isArray(variables)) {
    throw typeError(where, "variables", "an array of { offset, shape, groups }", variables);
  }
  const sizes = new Map<string, number>();
  for (const [v, variable] of (variables as readonly AlignedVariable[]).entries()) {
    const name = `variables[${v}]`;
    if (!Array.isArray(variable?.shape) || !Array.isArray(variable.groups)) {
      throw typeError(where, name, "an object with offset, shape and groups", variable);
    }
    const { offset, shape, groups } = variable;
    checkInteger(where, `${name}.offset`, offset, { min: 0 });
    for (const size of shape) checkInteger(where, `${name}.shape`, size, { min: 1 });
    if (groups.length !== shape.length) {
      throw rangeError(where, `the number of groups of ${name}`, `${shape.length}`, groups.length);
    }
    if (offset + sizeOf(variable) > length) {
      throw rangeError(where, `the end of ${name}`, `<= ${length}`, offset + sizeOf(variable));
    }
    for (const [axis, group] of groups.entries()) {
      if (group === null) continue;
      if (typeof group !== "string" || group === "") {
        throw typeError(where, `${name}.groups[${axis}]`, "a name or null", group);
      }
      if (groups.indexOf(group) !== axis) {
        throw rangeError(where, `${name}.groups`, "different on each axis", group);
      }
      const size = sizes.get(group) ?? shape[axis]!;
      if (size !== shape[axis]) {
        throw rangeError(where, `the units of ${group} in ${name}`, `${size}`, shape[axis]);
      }
      sizes.set(group, size);
    }
  }
  return sizes;
}

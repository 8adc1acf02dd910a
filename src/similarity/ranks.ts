/** Ranks of numbers, in which equal numbers share one. */
export interface Ranks {
  /** Which of the distinct values each number has, 0 for the smallest. */
  readonly group: Uint32Array;
  /** How many numbers have each of the distinct values. */
  readonly sizes: Uint32Array;
}

/**
 * Ranks of numbers ≥ 0. Those that agree to 11 digits count as tied: rounding would otherwise put distances that are
 * equal (of labels, of binary codes) into a random order.
 */
export function ranksOf(values: Float64Array): Ranks {
  const group = new Uint32Array(values.length);
  const sizes = new Uint32Array(values.length);
  let smallest = Number.NEGATIVE_INFINITY;
  let groups = 0;
  for (const at of ascendingOrder(values)) {
    const value = values[at]!;
    if (groups === 0 || !areTied(smallest, value)) {
      smallest = value;
      groups++;
    }
    group[at] = groups - 1;
    sizes[groups - 1]!++;
  }
  return { group, sizes: sizes.slice(0, groups) };
}

/** Whether two numbers 0 ≤ `smaller` ≤ `larger` differ by no more than rounding. */
export const areTied = (smaller: number, larger: number): boolean =>
  larger <= smaller * (1 + 1e-11);

/** Positions by ascending value: a radix sort, since the bits of doubles ≥ 0, read as integers, are in the same order. */
function ascendingOrder(values: Float64Array): Uint32Array {
  const words = new Uint16Array(values.buffer, values.byteOffset, 4 * values.length);
  let order: Uint32Array | undefined;
  // From the lowest word up; typed arrays are little-endian wherever JavaScript runs today.
  for (let word = 0; word < 4; word++) order = orderBy(words, 4, word, 2 ** 16, order);
  return order!;
}

/** Positions by ascending keys[position · stride + offset] < limit (a counting sort); equal ones keep their order. */
function orderBy(
  keys: Uint16Array | Uint32Array,
  stride: number,
  offset: number,
  limit: number,
  positions?: Uint32Array,
): Uint32Array {
  const next = new Uint32Array(limit + 1);
  for (let at = offset; at < keys.length; at += stride) next[keys[at]! + 1]!++;
  for (let key = 0; key < limit; key++) next[key + 1]! += next[key]!;
  const order = new Uint32Array(keys.length / stride);
  for (let i = 0; i < order.length; i++) {
    const position = positions ? positions[i]! : i;
    order[next[keys[position * stride + offset]!]!++] = position;
  }
  return order;
}

/** The rank of each number, from 1 on; tied numbers have the mean of their ranks. */
export function averageRanks({ group, sizes }: Ranks): Float64Array {
  let before = 0;
  const rankOfGroup = Float64Array.from(sizes, (size) => {
    before += size;
    return before - (size - 1) / 2;
  });
  const ranks = new Float64Array(group.length);
  for (let at = 0; at < ranks.length; at++) ranks[at] = rankOfGroup[group[at]!]!;
  return ranks;
}

/**
 * Kendall's rank correlation τ-b of two equally long lists of ranks, in O(m log m).
 *
 *     τ-b = (concordant − discordant)/√((all − tiedX)(all − tiedY))
 *
 * over the m(m − 1)/2 pairs of numbers; 0 where all numbers of a list are tied.
 *
 * @see Knight 1966; ties: Kendall 1945.
 */
export function kendallTauB(x: Ranks, y: Ranks): number {
  const all = tiedPairs([x.group.length]);
  const untiedX = all - tiedPairs(x.sizes);
  const untiedY = all - tiedPairs(y.sizes);
  if (untiedX === 0 || untiedY === 0) return 0;
  // By x, and by y where x is tied: then a pair is discordant exactly where y goes down.
  const order = orderBy(x.group, 1, 0, x.sizes.length, orderBy(y.group, 1, 0, y.sizes.length));
  const tiedInBoth = pairsTiedInBoth(x.group, y.group, order);
  const discordant = countDescents(order.map((at) => y.group[at]!));
  const concordantLessDiscordant = untiedX + untiedY - all + tiedInBoth - 2 * discordant;
  return concordantLessDiscordant / Math.sqrt(untiedX * untiedY);
}

function tiedPairs(sizes: Iterable<number>): number {
  let sum = 0;
  for (const size of sizes) sum += (size * (size - 1)) / 2;
  return sum;
}

/** Pairs with the same x and the same y, which stand side by side in `order`. */
function pairsTiedInBoth(x: Uint32Array, y: Uint32Array, order: Uint32Array): number {
  let pairs = 0;
  let sameBefore = 0;
  for (let i = 1; i < order.length; i++) {
    const [before, at] = [order[i - 1]!, order[i]!];
    sameBefore = x[before] === x[at] && y[before] === y[at] ? sameBefore + 1 : 0;
    pairs += sameBefore;
  }
  return pairs;
}

/** Number of pairs i < j with values[i] > values[j], by merge sort. Sorts in place. */
function countDescents(values: Uint32Array): number {
  let from = values;
  let into: Uint32Array = new Uint32Array(values.length);
  let descents = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (right < end && (left === middle || from[right]! < from[left]!)) {
          into[at] = from[right++]!;
          descents += middle - left;
        } else {
          into[at] = from[left++]!;
        }
      }
    }
    [from, into] = [into, from];
  }
  return descents;
}

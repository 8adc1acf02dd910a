/**
 * Moves positions apart until neighbours are at least `gap` from each other, with the least sum of
 * squared moves, and keeps all between `low` and `high` (closer than `gap` if there is no room).
 */
export function spread(
  positions: readonly number[],
  gap: number,
  low: number,
  high: number,
): number[] {
  const count = positions.length;
  const step = Math.min(gap, (high - low) / Math.max(1, count - 1));
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]! || a - b);
  // Without the gaps the task is a monotone least squares fit: pool neighbours that are out of order.
  const blocks: { sum: number; size: number }[] = [];
  order.forEach((i, rank) => {
    let block = { sum: positions[i]! - rank * step, size: 1 };
    for (let last = blocks.at(-1); last && mean(last) > mean(block); last = blocks.at(-1)) {
      block = { sum: block.sum + last.sum, size: block.size + last.size };
      blocks.pop();
    }
    blocks.push(block);
  });
  const result: number[] = [];
  let rank = 0;
  for (const block of blocks) {
    const level = Math.max(low, Math.min(high - (count - 1) * step, mean(block)));
    for (let k = 0; k < block.size; k++, rank++) result[order[rank]!] = level + rank * step;
  }
  return result;
}

const mean = ({ sum, size }: { sum: number; size: number }): number => sum / size;

const BLOCK = 4096;

/**
 * Σ term(i) for i = 0 … count − 1 in double precision, block by block: the rounding error grows with the
 * length of a block and not with the millions of weights of a network.
 */
export function sumOver(count: number, term: (i: number) => number): number {
  let sum = 0;
  for (let start = 0; start < count; start += BLOCK) {
    const end = Math.min(start + BLOCK, count);
    let block = 0;
    for (let i = start; i < end; i++) block += term(i);
    sum += block;
  }
  return sum;
}

/** Output channels that a panel of a filter has, and pixels that the inner loop takes at a time. */
export const LANES = 8;
export const ROWS = 5;
/** Bytes of their sums. */
export const SUMS_BYTES = LANES * ROWS * 4;
/** Enough items for the threads to share evenly, not so many that each has little to do. */
export const ITEMS = 16;

/** How many parts make up the whole, the last one perhaps a smaller one. */
export const parts = (whole: number, part: number): number => Math.ceil(whole / part);

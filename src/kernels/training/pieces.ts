/** Numbers of one item where each is worked on by itself: 64 KiB, a multiple of any vector. */
export const PIECE = 16_384;

export const pieces = (length: number): number => Math.ceil(length / PIECE);

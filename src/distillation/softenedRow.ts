/**
 * One row of logits over the temperature, as differences from the highest: a constant added to the row changes nothing, high
 * temperatures leave small numbers with all their digits, and large logits over small temperatures do not overflow.
 */
export function softenedRow(row: Float64Array, temperature: number): Float64Array {
  const highest = row.reduce((a, b) => Math.max(a, b));
  // The difference before the division.
  return row.map((value) => (value - highest) / temperature);
}

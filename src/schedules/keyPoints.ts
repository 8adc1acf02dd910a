/** A step at which something happens to a schedule. */
export interface KeyPoint {
  readonly step: number;
  readonly value: number;
  /** What happens, e.g. `"peak, held from here"`. */
  readonly what: string;
}

/** First and last update, peaks and lows, jumps, beginnings and ends of stretches of one value, in order. */
export function keyPoints(values: Float64Array): KeyPoint[] {
  const last = values.length - 1;
  // Differences that are nothing but rounding errors are none.
  const rounding = 1e-12 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const change = (step: number): number => {
    const difference = step < 1 || step > last ? 0 : values[step]! - values[step - 1]!;
    return Math.abs(difference) > rounding ? difference : 0;
  };
  const isJump = (step: number): boolean => {
    const size = Math.abs(change(step));
    const [before, after] = [Math.abs(change(step - 1)), Math.abs(change(step + 1))];
    // At either end there is one neighbour alone, and a steep slope would look like a jump.
    const factor = step > 1 && step < last ? 4 : Number.POSITIVE_INFINITY;
    const beside = Math.max(before, after);
    return size > 0 && (beside === 0 || size > factor * beside);
  };
  const nextChange = (step: number): number => {
    while (step < last && change(step) === 0) step++;
    return change(step);
  };
  const happens = (step: number): string[] => {
    if (isJump(step)) return [change(step) > 0 ? "jump up" : "jump down"];
    if (step === 0 || step === last || isJump(step + 1)) return [];
    const [before, after] = [change(step), change(step + 1)];
    if (before === 0) return after === 0 ? [] : ["held until here"];
    const next = nextChange(step + 1);
    return [
      ...(before > 0 && next <= 0 ? ["peak"] : []),
      ...(before < 0 && next > 0 ? ["low"] : []),
      ...(after === 0 ? ["held from here"] : []),
    ];
  };
  const points: KeyPoint[] = [];
  values.forEach((value, step) => {
    const what = [
      ...(step === 0 ? ["first update"] : []),
      ...happens(step),
      ...(step === last ? ["last update"] : []),
    ];
    if (what.length > 0) points.push({ step, value, what: what.join(", ") });
  });
  return points;
}

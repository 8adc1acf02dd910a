import type { LineSeries } from "closerlook/plot";
import type { TrainedNetwork } from "./trainingRun.js";

type Numbers = TrainedNetwork["numbers"];

/** Test accuracy by epoch, as fractions. */
export const accuracies = ({ test }: Numbers): ReadonlyMap<number, number> =>
  new Map(test.map(({ epoch, accuracy }) => [epoch, accuracy]));

/** The same in per cent, for a chart. */
export const accuracyLine = (name: string, { test }: Numbers): LineSeries => ({
  name,
  x: test.map(({ epoch }) => epoch),
  y: test.map(({ accuracy }) => 100 * accuracy),
  marker: "none",
});

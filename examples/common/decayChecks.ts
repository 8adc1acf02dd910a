import type { TrainedNetwork } from "./trainingRun.js";
import { accuracyNoise, decide, type Finding, percent } from "./verdicts.js";

type Trained = Pick<TrainedNetwork["numbers"], "test">;

/** How far the cosine decay may stay behind. */
const BEHIND = 0.005;

/** X13.a: at its end the cosine decay is no more than half a point behind the end of the restarts' last cycle. */
export function decayKeepsUp(
  trained: Readonly<Record<"restarts" | "steps" | "cosine" | "linear", Trained>>,
  lastCycleEpoch: number,
  testImages: number,
): Finding {
  const end = ({ test }: Trained) => test.at(-1)!;
  const cycle = trained.restarts.test.find(({ epoch }) => epoch === lastCycleEpoch)!;
  const { cosine, linear, steps } = trained;
  const tell = (name: string, { accuracy, epoch }: Trained["test"][number]) =>
    `${name} ${percent(accuracy)} (epoch ${epoch})`;
  return {
    verdict: decide(
      end(cosine).accuracy - cycle.accuracy + BEHIND,
      accuracyNoise(end(cosine).accuracy, cycle.accuracy, testImages),
    ),
    ours: [
      tell("cosine", end(cosine)),
      tell("SGDR", cycle),
      tell("linear", end(linear)),
      tell("steps", end(steps)),
    ].join(", "),
  };
}

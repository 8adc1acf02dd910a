import type { Preset } from "./experiment.js";
import { type Check, checkSeeds } from "./verdicts.js";
import * as claims from "./warmupChecks.js";
import type { RunName, WarmupSettings } from "./warmupFamily.js";
import type { TrainedSeed } from "./warmupMeasurements.js";

/** The runs of X10 and X11, and what both say about them. */
export const freezingRuns: readonly RunName[] = ["SB", "LB", "LB+W", "LB+freeze"];

/** Points by which the frozen stack may stay behind the warmup, and the trajectories apart. */
const allowedPoints: Readonly<Record<Preset, { readonly behind: number; readonly apart: number }>> =
  {
    quick: { behind: 10, apart: 8 },
    cpu: { behind: 10, apart: 8 },
    paper: { behind: 5, apart: 2 },
  };

/** Claims a, b and c: with FC layers frozen in its place the run does as with a warmup. */
export function freezingChecks(
  seeds: readonly TrainedSeed<RunName>[],
  preset: Preset,
  idOf: (claim: "a" | "b" | "c") => string,
  { figure, prefix = "" }: { figure: string; prefix?: string },
): Check[] {
  const { behind, apart } = allowedPoints[preset];
  const check = checkSeeds(seeds);
  return [
    check(
      idOf("a"),
      `${prefix}accuracy at the end of the warmup: freeze ≥ LB+W − ${behind} points`,
      figure,
      (seed) => claims.freezingKeepsUpWithWarmup(seed, behind),
    ),
    check(
      idOf("b"),
      `${prefix}the same moment: freeze > LB + 2 points`,
      figure,
      claims.freezingIsAheadOfLargeBatch,
    ),
    check(
      idOf("c"),
      `${prefix}afterwards freeze and LB+W stay within ${apart} points on average`,
      "“no qualitative difference”",
      (seed) => claims.trajectoriesStayTogether(seed, apart),
    ),
  ];
}

/** What figures and checks were made from. */
export const freezingNumbers = (
  settings: WarmupSettings,
  seeds: readonly TrainedSeed<RunName>[],
) => ({
  settings,
  seeds: seeds.map(({ seed, trained }) => ({
    seed,
    trained: Object.fromEntries(freezingRuns.map((run) => [run, trained[run].numbers])),
  })),
});

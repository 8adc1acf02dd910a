/**
 * Verdicts on the paper's claims. A claim is written as a margin: how far it holds (positive) or fails (negative);
 * inside the noise allowance nothing is decided.
 */
export type Verdict = "holds" | "does not hold" | "not decided";

export interface Finding {
  readonly verdict: Verdict;
  /** The numbers behind the verdict, for the table. */
  readonly ours: string;
}

export interface Check {
  /** As in the specification, e.g. `X9.d`. */
  readonly id: string;
  readonly claim: string;
  /** What the paper says or prints. */
  readonly paper: string;
  readonly verdict: Verdict;
  readonly ours: string;
}

/** `margin` > `allowance`: holds; < −`allowance`: does not hold; not a number: not decided. */
export function decide(margin: number, allowance: number): Verdict {
  if (margin > allowance) return "holds";
  return margin < -allowance ? "does not hold" : "not decided";
}

/** A fact without noise. */
export const exactly = (fact: boolean): Verdict => (fact ? "holds" : "does not hold");

/** All parts must hold; one that fails decides. */
export function every(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("does not hold")) return "does not hold";
  return verdicts.includes("not decided") ? "not decided" : "holds";
}

/** The verdict that all seeds agree on, else not decided. */
export const unanimous = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.length > 0 && verdicts.every((verdict) => verdict === verdicts[0])
    ? verdicts[0]!
    : "not decided";

/** Standard error of the difference of two accuracies (fractions) measured on `images` images each. */
export const accuracyNoise = (a: number, b: number, images: number): number =>
  Math.sqrt((a * (1 - a) + b * (1 - b)) / images);

/** A check from the findings of all seeds. */
export const acrossSeeds = (
  id: string,
  claim: string,
  paper: string,
  findings: readonly Finding[],
): Check => ({
  id,
  claim,
  paper,
  verdict: unanimous(findings.map(({ verdict }) => verdict)),
  ours: findings.map(({ ours }) => ours).join("; "),
});

/** Makes checks that judge every one of these seeds. */
export const checkSeeds =
  <Seed>(seeds: readonly Seed[]) =>
  (id: string, claim: string, paper: string, judge: (seed: Seed) => Finding): Check =>
    acrossSeeds(id, claim, paper, seeds.map(judge));

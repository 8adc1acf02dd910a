import { mean, standardError } from "./mean.js";

/**
 * Verdicts on the paper's claims. A claim is written as a margin: how far it holds (positive) or fails (negative);
 * inside the noise allowance nothing is decided.
 */
export type Verdict = "holds" | "does not hold" | "not decided";

export interface Finding {
  readonly verdict: Verdict;
  /** The numbers behind the verdict, for the table. */
  readonly ours: string;
  /** What the numbers of several seeds come to, if the verdict is about numbers. */
  readonly measured?: Measured;
}

/** Numbers of one seed, and the words around them. */
interface Measured {
  readonly values: readonly number[];
  readonly format: NumberFormat;
  tell(texts: readonly string[]): string;
}

/** A number as text; with its standard error, if that is given. */
export type NumberFormat = (value: number, error?: number) => string;

/** Scaled, with so many digits, and a unit. */
export const numberFormat =
  (scale: number, digits: number, unit: string): NumberFormat =>
  (value, error) =>
    (scale * value).toFixed(digits) +
    (error === undefined ? "" : ` ± ${(scale * error).toFixed(digits)}`) +
    unit;

/** A fraction in per cent, as percentage points, and any number. */
export const percent = numberFormat(100, 1, " %");
export const points = numberFormat(100, 1, " points");
export const decimal = numberFormat(1, 2, "");

/** A finding told by numbers, of which several seeds have means. */
export const measure = (
  verdict: Verdict,
  values: readonly number[],
  format: NumberFormat,
  tell: Measured["tell"],
): Finding => ({
  verdict,
  ours: tell(values.map((value) => format(value))),
  measured: { values, format, tell },
});

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

/** A check from the findings of all seeds: on what they agree, each beyond its own noise. */
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
  ours: [...findings.map(({ ours }) => ours), ...meansOf(findings)].join("; "),
});

/** The means of several seeds' numbers with their standard errors. */
function meansOf(findings: readonly Finding[]): string[] {
  const all = findings.flatMap(({ measured }) => (measured ? [measured] : []));
  if (all.length < 2 || all.length < findings.length) return [];
  const { values, format, tell } = all[0]!;
  const columns = values.map((_, i) => all.map((seed) => seed.values[i]!));
  return [`mean ${tell(columns.map((column) => format(mean(column), standardError(column))))}`];
}

/** Makes checks that judge every one of these seeds. */
export const checkSeeds =
  <Seed>(seeds: readonly Seed[]) =>
  (id: string, claim: string, paper: string, judge: (seed: Seed) => Finding): Check =>
    acrossSeeds(id, claim, paper, seeds.map(judge));

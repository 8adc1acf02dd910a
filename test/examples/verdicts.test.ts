import { describe, expect, test } from "vitest";
import {
  accuracyNoise,
  acrossSeeds,
  decide,
  every,
  exactly,
  measure,
  percent,
  unanimous,
  type Verdict,
} from "../../examples/common/verdicts.js";

const [yes, no, open] = ["holds", "does not hold", "not decided"] as const;

describe("decide", () => {
  test.each<[margin: number, allowance: number, verdict: Verdict]>([
    [0.5001, 0.5, yes],
    [0.5, 0.5, open],
    [0, 0.5, open],
    [-0.5, 0.5, open],
    [-0.5001, 0.5, no],
  ])("margin %d with allowance %d: %s", (margin, allowance, verdict) => {
    expect(decide(margin, allowance)).toBe(verdict);
  });

  test("without an allowance only a margin of zero is open", () => {
    expect([Number.MIN_VALUE, 0, -0, -Number.MIN_VALUE].map((margin) => decide(margin, 0))).toEqual(
      [yes, open, open, no],
    );
  });

  test("what is not a number decides nothing", () => {
    expect([decide(NaN, 0), decide(NaN, 1), decide(1, NaN), decide(-1, NaN)]).toEqual(
      Array(4).fill(open),
    );
  });
});

test("a fact without noise holds or does not hold", () => {
  expect([exactly(true), exactly(false)]).toEqual([yes, no]);
});

test("every: one failing part decides, then one open part", () => {
  expect(every([yes, yes, yes])).toBe(yes);
  expect(every([yes, open, yes])).toBe(open);
  expect(every([open, no, yes])).toBe(no);
  expect(every([no, open])).toBe(no);
});

test("unanimous: seeds that differ, or no seeds, decide nothing", () => {
  expect(unanimous([yes, yes, yes])).toBe(yes);
  expect(unanimous([no, no])).toBe(no);
  expect(unanimous([open, open])).toBe(open);
  expect(unanimous([yes, yes, no])).toBe(open);
  expect(unanimous([yes, open])).toBe(open);
  expect(unanimous([no, open])).toBe(open);
  expect(unanimous([])).toBe(open);
});

describe("accuracyNoise", () => {
  test("is √((a(1 − a) + b(1 − b))/images)", () => {
    // √((0.25 + 0.25)/2) and √((0.16 + 0.09)/100)
    expect(accuracyNoise(0.5, 0.5, 2)).toBe(0.5);
    expect(accuracyNoise(0.8, 0.9, 100)).toBeAllclose(0.05, { rtol: 1e-15 });
  });

  test("is zero for two runs without a doubt and halves with four times the images", () => {
    expect(accuracyNoise(0, 1, 10)).toBe(0);
    expect(accuracyNoise(0.3, 0.6, 400)).toBeAllclose(accuracyNoise(0.3, 0.6, 100) / 2, {
      rtol: 1e-15,
    });
  });
});

test("seeds whose findings are numbers have means with standard errors", () => {
  const seed = (a: number, b: number) =>
    measure(yes, [a, b], percent, (texts) => texts.join(" against "));
  expect(seed(0.1, 0.45).ours).toBe("10.0 % against 45.0 %");
  // s² of 1, 2, 6 is 7 and of 4, 4, 4 is 0.
  const findings = [seed(0.01, 0.04), seed(0.02, 0.04), seed(0.06, 0.04)];
  const error = (100 * Math.sqrt(7 / 3) * 0.01).toFixed(1);
  expect(acrossSeeds("X9.d", "", "", findings).ours).toBe(
    `1.0 % against 4.0 %; 2.0 % against 4.0 %; 6.0 % against 4.0 %; mean 3.0 ± ${error} % against 4.0 ± 0.0 %`,
  );
  expect(acrossSeeds("X9.d", "", "", findings.slice(1, 2)).ours).toBe("2.0 % against 4.0 %");
});

test("acrossSeeds keeps the texts, joins the numbers and asks the seeds to agree", () => {
  const findings = [
    { verdict: yes, ours: "1 against 2" },
    { verdict: yes, ours: "3 against 4" },
  ];
  expect(acrossSeeds("X9.a", "claim", "paper", findings)).toEqual({
    id: "X9.a",
    claim: "claim",
    paper: "paper",
    verdict: yes,
    ours: "1 against 2; 3 against 4",
  });
  expect(acrossSeeds("X9.a", "", "", [...findings, { verdict: no, ours: "" }]).verdict).toBe(open);
});

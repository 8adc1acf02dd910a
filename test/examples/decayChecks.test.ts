import { describe, expect, test } from "vitest";
import { decayKeepsUp } from "../../examples/common/decayChecks.js";
import type { Verdict } from "../../examples/common/verdicts.js";

const run = (...accuracies: number[]) => ({
  test: accuracies.map((accuracy, i) => ({ epoch: i + 1, loss: 1, accuracy })),
});

/** SGDR's last cycle ends with the second of three epochs. */
const judge = (cosine: number, restarts: number, images: number) =>
  decayKeepsUp(
    {
      restarts: run(0.99, restarts, 0.01),
      steps: run(0.4, 0.41, 0.42, 0.43),
      cosine: run(0.01, 0.99, cosine),
      linear: run(0.3, 0.31, 0.32),
    },
    2,
    images,
  );

describe("X13.a: the cosine decay keeps up with the restarts", () => {
  test.each<[cosine: number, restarts: number, images: number, verdict: Verdict]>([
    // 0.005 against √(0.5/images), equal at 20,000.
    [0.5, 0.5, 20_001, "holds"],
    [0.5, 0.5, 19_999, "not decided"],
    // 0.5 − 0.6 + 0.005 against √(0.49/images), equal at 54.3.
    [0.5, 0.6, 55, "does not hold"],
    [0.5, 0.6, 54, "not decided"],
    [0.495, 0.5, 1e6, "not decided"],
    [0.6, 0.5, 1e6, "holds"],
    [NaN, 0.5, 1e6, "not decided"],
  ])("cosine %d, SGDR %d, %d images: %s", (cosine, restarts, images, verdict) => {
    expect(judge(cosine, restarts, images).verdict).toBe(verdict);
  });

  test("names all four runs and the epochs that are compared", () => {
    expect(judge(0.5, 0.6, 1000).ours).toBe(
      "cosine 50.0 % (epoch 3), SGDR 60.0 % (epoch 2), linear 32.0 % (epoch 3), steps 43.0 % (epoch 4)",
    );
  });
});

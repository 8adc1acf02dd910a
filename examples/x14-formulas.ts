/**
 * X14 — The paper's formulas, checked exactly and without training: restarts, the polygonal chain, barriers, the plane
 * of three points, and the invariance of SVCCA.
 */
import { barrier, lineSegment, PolyChainCurve } from "closerlook/curves";
import { planeThrough, project } from "closerlook/landscape";
import { lineChart } from "closerlook/plot";
import { cosineRestarts, restartSteps } from "closerlook/schedules";
import { cca, svcca } from "closerlook/similarity";
import { type Experiment, presets } from "./common/experiment.js";
import { normals } from "./common/random.js";
import { type Check, exactly } from "./common/verdicts.js";

const SGDR = { max: 0.05, min: 1e-6, period: 10, multiplier: 2 };
const EPOCHS = 350;

export const x14: Experiment = {
  id: "x14",
  title: "Formulas, exactly",
  shows: "eq. (1); sections 2 and 3; footnotes 2 and 3",
  presets,
  meaningfulAtQuick: /^X14/,
  jobs: () => [],

  async report() {
    const rate = cosineRestarts(SGDR);
    const epochs = Array.from({ length: 10 * EPOCHS + 1 }, (_, i) => i / 10);
    return {
      checks: [
        ...scheduleChecks(),
        ...curveChecks(),
        ...barrierChecks(),
        planeCheck(),
        similarityCheck(),
      ],
      numbers: { schedule: SGDR, restarts: restartSteps(SGDR, EPOCHS) },
      figures: {
        "eq1-warm-restarts": {
          title: "Cosine annealing with warm restarts, eq. (1)",
          panels: [
            lineChart([{ name: "learning rate", x: epochs, y: epochs.map(rate), marker: "none" }], {
              xLabel: "epoch",
              yLabel: "learning rate",
              labels: "none",
              width: 720,
              references: restartSteps(SGDR, EPOCHS).map((x) => ({ x, text: `${x}` })),
            }),
          ],
          caption:
            `From ${SGDR.max} to ${SGDR.min}; the first cycle lasts ${SGDR.period} epochs, each next one ` +
            `${SGDR.multiplier} times as long. The numbers above the chart are the epochs of the restarts.`,
        },
      },
    };
  },
};

// The formulas under test are parameters, so that a test can put wrong ones in their place.

export function scheduleChecks(schedule = cosineRestarts, restartsUntil = restartSteps): Check[] {
  const rate = schedule(SGDR);
  const restarts = restartsUntil(SGDR, 310);
  const middle = (0.05 + 1e-6) / 2;
  const before = rate(30 - 1e-6);
  const inside = rate(155);
  return [
    {
      id: "X14.a",
      claim: "SGDR restarts at 10, 30, 70, 150, 310 with exactly the maximum",
      paper: "T_0 = 10, T_mult = 2",
      verdict: exactly(
        `${restarts}` === "10,30,70,150,310" && [0, ...restarts].every((at) => rate(at) === 0.05),
      ),
      ours: restarts.join(", "),
    },
    {
      id: "X14.b",
      claim: "η(5) = (0.05 + 1e-6)/2, η just before 30 → 1e-6, η(30) = 0.05",
      paper: "eq. (1) with π",
      verdict: exactly(
        Math.abs(rate(5) - middle) < 1e-16 && Math.abs(before - 1e-6) < 1e-12 && rate(30) === 0.05,
      ),
      ours: `${rate(5)}, ${before.toExponential(6)}, ${rate(30)}`,
    },
    {
      id: "X14.c",
      claim: "epoch 155 lies in a cycle of 160 epochs, η ≈ 0.04988",
      paper: "“155” of Fig. 14",
      verdict: exactly(Math.abs(inside - 0.04988) < 5e-6),
      ours: inside.toFixed(6),
    },
  ];
}

export function curveChecks(Curve = PolyChainCurve): Check[] {
  const random = normals(0);
  const [start, end, bend] = Array.from({ length: 3 }, () =>
    Float32Array.from({ length: 1000 }, random),
  ) as [Float32Array, Float32Array, Float32Array];
  const curve = new Curve({ start, end });
  curve.points[1]!.set(bend);
  const same = (a: Float32Array, b: Float32Array) => a.every((value, i) => Object.is(value, b[i]));
  const met = [same(curve.at(0), start), same(curve.at(0.5), bend), same(curve.at(1), end)];
  return [
    {
      id: "X14.d",
      claim: "γ(0) = a, γ(½) = θ, γ(1) = b",
      paper: "polygonal chain, section 2.1",
      verdict: exactly(met.every(Boolean)),
      ours: `${met.filter(Boolean).length} of 3 points meet in every bit of 1,000 weights`,
    },
  ];
}

export function barrierChecks(barrierOf = barrier): Check[] {
  const random = normals(1);
  const t = Array.from({ length: 61 }, (_, i) => i / 60);
  const convex = (w: Float32Array) => w.reduce((sum, value, i) => sum + (1 + i) * value * value, 0);
  let largest = 0;
  for (let pair = 0; pair < 20; pair++) {
    const path = lineSegment(
      Float32Array.from({ length: 10 }, random),
      Float32Array.from({ length: 10 }, random),
    );
    largest = Math.max(largest, barrierOf({ t, loss: t.map((at) => convex(path.at(at))) }).height);
  }
  const concave = barrierOf({ t, loss: t.map((x) => -((x - 0.5) ** 2)) });
  return [
    {
      id: "X14.e",
      claim: "B = 0 for a convex quadratic on any segment",
      paper: "footnote 3",
      verdict: exactly(largest === 0),
      ours: `largest of 20 segments: ${largest}`,
    },
    {
      id: "X14.f",
      claim: "B = ¼ at λ = ½ for L(x) = −(x − ½)² between 0 and 1",
      paper: "footnote 3",
      verdict: exactly(concave.height === 0.25 && concave.at === 0.5),
      ours: `${concave.height} at ${concave.at}`,
    },
  ];
}

export function planeCheck(plane = planeThrough): Check {
  const random = normals(2);
  const points = Array.from({ length: 3 }, () => Float32Array.from({ length: 1000 }, random));
  const through = plane(points[0]!, points[1]!, points[2]!);
  const residual = Math.max(...points.map((point) => project(through, point).relativeResidual));
  return {
    id: "X14.g",
    claim: "a, b, θ project onto their own plane without residual",
    paper: "footnote 2, section 8.2",
    verdict: exactly(residual < 1e-12),
    ours: `relative residual ≤ ${residual.toExponential(1)}`,
  };
}

/** For a general R the truncation to 99 % of the variance may keep other directions, so all of them are kept. */
export function similarityCheck(similarities = { svcca, cca }): Check {
  const random = normals(3);
  const x = Array.from({ length: 200 }, () => Array.from({ length: 8 }, random));
  const r = Array.from({ length: 8 }, () => Array.from({ length: 8 }, random));
  const xr = x.map((row) =>
    r[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * r[k]![j]!, 0)),
  );
  const ones = [
    similarities.svcca(x, xr, { variance: 1 }).similarity,
    similarities.cca(x, xr).similarity,
  ];
  return {
    id: "X14.h",
    claim: "SVCCA(X, XR) = 1 for invertible R",
    paper: "section 2.2",
    verdict: exactly(ones.every((one) => Math.abs(one - 1) < 1e-12)),
    ours: ones.join(", "),
  };
}

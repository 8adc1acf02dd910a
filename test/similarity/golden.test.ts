import { describe, expect, test } from "vitest";
import {
  type CanonicalResult,
  cca,
  cka,
  convSvcca,
  type DftCcaResult,
  dftCca,
  procrustes,
  pwcca,
  type ShapedArray,
  svcca,
} from "../../src/similarity/index.js";
import { type Expected, type GoldenArray, goldenCases, inputsOf } from "./goldenCases.js";

type Inputs = Record<"x" | "y", GoldenArray>;
type Measure = (inputs: Inputs) => unknown;

const flat = ({ data, shape }: GoldenArray): ShapedArray => ({
  data,
  shape: [shape[0]!, shape.slice(1).reduce((product, size) => product * size, 1)],
});
const firstColumns = ({ data, shape }: GoldenArray, count: number): ShapedArray => ({
  data: data.filter((_, at) => at % shape[1]! < count),
  shape: [shape[0]!, count],
});

const meanSquare = (rho: Float64Array) => rho.reduce((sum, r) => sum + r * r, 0) / rho.length;

/** Correlations on the full height × width grid in FFT order, from one of each conjugate pair. */
function grid<T>(
  result: DftCcaResult,
  value: (frequency: DftCcaResult["frequencies"][number]) => T,
) {
  const height = Math.max(...result.frequencies.map(({ u }) => u)) + 1;
  const weight = result.frequencies.reduce((sum, frequency) => sum + frequency.weight, 0);
  const width = weight / height;
  const table: T[][] = Array.from({ length: height }, () => Array(width));
  for (const frequency of result.frequencies) {
    const { u, v } = frequency;
    table[u]![v] = value(frequency);
    table[(height - u) % height]![(width - v) % width] = value(frequency);
  }
  return table;
}

const correlations = (result: CanonicalResult) => result.correlations;
const dft = ({ x, y }: Inputs) => dftCca(x, y);
const dftRho: Measure = (inputs) => grid(dft(inputs), (f) => Array.from(f.correlations));
const wide = (inputs: Inputs) => procrustes(inputs.x, inputs.y);
const narrow = (inputs: Inputs) => procrustes(inputs.x, firstColumns(inputs.y, 8));
const ccaRho: Measure = ({ x, y }) => correlations(cca(x, y));
const linear: Measure = ({ x, y }) => cka(x, y).similarity;
const debiased: Measure = ({ x, y }) => cka(x, y, { debiased: true }).similarity;

function svccaRow(options: Parameters<typeof svcca>[2]): Measure {
  return ({ x, y }) => {
    const { correlations: rho, similarity, keptX, keptY } = svcca(x, y, options);
    return { rho, meanAll: similarity, xKept: keptX, yKept: keptY };
  };
}

/** What we compute for each quantity of the golden file that states a truth. */
const ours: Record<string, Measure> = {
  "cca.rho": ccaRho,
  "cca.rho(rank-aware f64)": ccaRho,
  "cca.rho(rank-aware)": ccaRho,
  "cca.rho(scipy)": ccaRho,
  "google(eps=0).rho": ccaRho,
  "google(eps=1e-10).rho": ccaRho,
  "anatome-svd.rho": ccaRho,
  "anatome-qr.rho": ccaRho,
  "sim_metric.rho": ccaRho,
  "cca_zoo.rho": ccaRho,
  "scipy.rho": ccaRho,
  "sklearn.rho": ccaRho,
  "cca.mean": ({ x, y }) => cca(x, y).similarity,
  "cca.meanSquared": ({ x, y }) => meanSquare(cca(x, y).correlations),
  "kornblith.cca(centred)": ({ x, y }) => meanSquare(cca(x, y).correlations),
  "cca.rank": ({ x, y }) => [cca(x, y).rankX, cca(x, y).rankY],
  live: ({ x, y }) => [x.shape[1]! - cca(x, y).deadX.length, y.shape[1]! - cca(x, y).deadY.length],
  liveMaskX: ({ x, y }) =>
    Array.from({ length: x.shape[1]! }, (_, j) => (cca(x, y).deadX.includes(j) ? 0 : 1)),
  "svcca(frac=0.99,energy=s2).k": ({ x, y }) => [svcca(x, y).keptX, svcca(x, y).keptY],
  "svcca(frac=0.99,energy=s2).rho": ({ x, y }) => correlations(svcca(x, y)),
  "svcca(frac=0.99,energy=s2).mean": ({ x, y }) => svcca(x, y).similarity,
  "svcca(frac=0.9,energy=s2).k": ({ x, y }) => {
    const { keptX, keptY } = svcca(x, y, { variance: 0.9 });
    return [keptX, keptY];
  },
  "svcca(frac=0.9,energy=s2).rho": ({ x, y }) => correlations(svcca(x, y, { variance: 0.9 })),
  "svcca(frac=0.9,energy=s2).mean": ({ x, y }) => svcca(x, y, { variance: 0.9 }).similarity,
  "svcca(k=20).rho": ({ x, y }) => correlations(svcca(x, y, { components: 20 })),
  "svcca(k=20).mean": ({ x, y }) => svcca(x, y, { components: 20 }).similarity,
  "svcca(0.99,s2).k": ({ x, y }) => [svcca(x, y).keptX, svcca(x, y).keptY],
  "svcca(0.99,s2)": svccaRow({}),
  "svcca(0.5,s2).k": ({ x, y }) => {
    const { keptX, keptY } = svcca(x, y, { variance: 0.5 });
    return [keptX, keptY];
  },
  "svcca(0.5,s2)": svccaRow({ variance: 0.5 }),
  pwcca: ({ x, y }) => pwcca(x, y).similarity,
  "pwcca(x->y)": ({ x, y }) => pwcca(x, y).similarity,
  "pwcca(x->y).weights": ({ x, y }) => pwcca(x, y).weights,
  "sim_metric.pwcca(x->y)": ({ x, y }) => pwcca(x, y).similarity,
  "pwcca(y->x)": ({ x, y }) => pwcca(y, x).similarity,
  "pwcca(y->x).weights": ({ x, y }) => pwcca(y, x).weights,
  "cka.linear": linear,
  "cka.linear(gram)": linear,
  "cka.linear(ckatorch)": linear,
  "sim_metric.linCka(centred)": linear,
  "anatome.lincka": linear,
  "cka.linear.debiased": debiased,
  "cka.linear.debiased(gram)": debiased,
  "cka.linear.debiased(ckatorch)": debiased,
  "anatome.lincka.debiased": debiased,
  "procrustes.sq(12v12)": (inputs) => wide(inputs).squared,
  "procrustes.sq.normalised(12v12)": (inputs) => wide(inputs).normalized,
  "anatome.opd(12v12)": (inputs) => wide(inputs).normalized / 2,
  "netrep.angular(alpha=1.0,12v12)": (inputs) => wide(inputs).angle,
  "netrep.euclidean(alpha=1.0,12v12)": (inputs) => wide(inputs).distance,
  "scipy.procrustes.disparity(12v12)": (inputs) => 1 - (1 - wide(inputs).normalized / 2) ** 2,
  "procrustes.sq(12v8=y[:, :8])": (inputs) => narrow(inputs).squared,
  "procrustes.sq.normalised(12v8=y[:, :8])": (inputs) => narrow(inputs).normalized,
  "anatome.opd(12v8=y[:, :8])": (inputs) => narrow(inputs).normalized / 2,
  "netrep.angular(alpha=1.0,12v8=y[:, :8])": (inputs) => narrow(inputs).angle,
  "netrep.euclidean(alpha=1.0,12v8=y[:, :8])": (inputs) => narrow(inputs).distance,
  "dftcca.rho(eps=0)": dftRho,
  "dftcca.rho(eps=1e-10)": dftRho,
  "dftcca.rho(own,f64)": dftRho,
  "dftcca.grandMean": (inputs) => dft(inputs).similarity,
  "dftcca.dc": (inputs) => dft(inputs).frequencies[0]!.correlations,
  "spatialAsSamples.rho": ({ x, y }) =>
    correlations(convSvcca(x, y, { as: "samples", variance: 1 })),
  "spatialAsSamples.mean": ({ x, y }) => convSvcca(x, y, { as: "samples", variance: 1 }).similarity,
  "avgPool.rho": ({ x, y }) => correlations(convSvcca(x, y, { as: "pooled", variance: 1 })),
  "flattened.rho": ({ x, y }) => correlations(cca(flat(x), flat(y))),
  "dftsvcca.k": ({ x, y }) =>
    grid(dftCca(x, y, { variance: 0.99 }), ({ keptX, keptY }) => [keptX, keptY]),
  "dftsvcca.meanPerFreq": ({ x, y }) =>
    grid(dftCca(x, y, { variance: 0.99 }), ({ similarity }) => similarity),
  "dftsvcca.meanOfFreqMeans": ({ x, y }) => dftCca(x, y, { variance: 0.99 }).similarity,
  "dftsvcca.meanOfAllRho": ({ x, y }) => {
    const rho = dftCca(x, y, { variance: 0.99 }).correlations;
    return rho.reduce((sum, r) => sum + r, 0) / rho.length;
  },
};

/** Measures that do not exist yet. */
const later = (quantity: string) =>
  quantity.startsWith("rsa.") ||
  quantity.startsWith("wilksTest") ||
  /^netrep\..*alpha=0\.[05]/.test(quantity);

const numbersOf = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(numbersOf) : typeof value === "boolean" ? Number(value) : value;

function check({ value, tolAbs }: Expected, got: unknown): void {
  if (typeof value === "object" && !Array.isArray(value)) {
    // A peer's record: we state the fields that are ours.
    for (const [field, number] of Object.entries(got as object)) {
      expect(number, field).toBeAllclose(value[field], { atol: tolAbs });
    }
    return;
  }
  expect(got).toBeAllclose(numbersOf(value) as number, { atol: tolAbs });
}

const mustsOf = ({ expected }: (typeof goldenCases)[number]) =>
  expected.filter(({ kind, quantity }) => kind === "must" && !later(quantity));
const covered = goldenCases.filter((golden) => mustsOf(golden).length > 0);

describe.each(covered.map((golden) => [golden.id, golden] as const))("%s", (_, golden) => {
  const inputs = inputsOf(golden) as Inputs;

  test.each(mustsOf(golden).map((row) => [row.quantity, row] as const))("%s", (quantity, row) => {
    const measure = ours[quantity];
    expect(measure, `nothing computes ${quantity}`).toBeDefined();
    check(row, measure!(inputs));
  });
});

describe("known wrong values are not reproduced", () => {
  const wrong: Record<string, Record<string, Measure>> = {
    "02_svcca_medium_f32": {
      "anatome-svd.rho": ccaRho,
      "sim_metric.rho": ccaRho,
      "cca_zoo.rho": ccaRho,
      "kornblith.cca(centred)": ours["cca.meanSquared"]!,
      "resi.svcca": ours["svcca(frac=0.99,energy=s2).mean"]!,
      "anatome.svccaDistance(raw)": ({ x, y }) => 1 - svcca(x, y).similarity,
    },
    "04_rank_deficient": { "cca.rho(anatome-svd)": ccaRho, "cca.rho(sim_metric)": ccaRho },
    "13_pwcca": {
      "google.pwcca(x->y)": ours["pwcca(x->y)"]!,
      "anatome.pwccaDistance(x->y)": ({ x, y }) => 1 - pwcca(x, y).similarity,
      "anatome.pwccaDistance(y->x)": ({ x, y }) => 1 - pwcca(y, x).similarity,
    },
    "14_cka_linear": { "sim_metric.linCka(raw)": linear },
  };
  /** A peer that fails where we give a number. */
  const fails = ({ value }: Expected) =>
    typeof value === "string" ? value.includes("Error") : value?.error !== undefined;

  for (const golden of goldenCases) {
    for (const row of golden.expected.filter(({ kind }) => kind === "bug")) {
      test(`${golden.id}: ${row.quantity}`, () => {
        const inputs = inputsOf(golden) as Inputs;
        if (fails(row)) {
          const { similarity } = cca(inputs.x, inputs.y);
          expect(similarity).toBeGreaterThan(0);
          expect(similarity).toBeLessThanOrEqual(1);
          return;
        }
        const measure = wrong[golden.id]?.[row.quantity];
        expect(measure, `nothing is held against ${row.quantity}`).toBeDefined();
        const value = row.value.value ?? row.value;
        expect(measure!(inputs)).not.toBeAllclose(value, { atol: 1e-4 });
      });
    }
  }
});

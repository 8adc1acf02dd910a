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
  type RsaOptions,
  rsa,
  type ShapedArray,
  shapeDistance,
  svcca,
  wilksTest,
} from "../../src/similarity/index.js";
import { linearAlgebra } from "../../src/similarity/linearAlgebra.js";
import { centredOf, type Matrix, sum } from "./data.js";
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
const wideShape = (inputs: Inputs, alpha: number) => shapeDistance(inputs.x, inputs.y, { alpha });
const narrowShape = ({ x, y }: Inputs, alpha: number) =>
  shapeDistance(x, firstColumns(y, 8), { alpha });
/**
 * The peer pads the narrower side with zero neurons, floors their variances at 1e-7 and whitens them: 4 directions in
 * which nothing lies have a part of the variance that is kept, and the shape comes out too short by that. With as much
 * taken off we must have its distance.
 */
function paddedShape({ x, y }: Inputs, alpha: number): number {
  const { angle } = narrowShape({ x, y }, alpha);
  const [a, b] = [x, firstColumns(y, 8)].map((side) => centredOf(side as Matrix));
  const [rows, columns] = b!.shape;
  const values = linearAlgebra.singularValues({ data: b!.data, rows, columns });
  const own = sum(values.map((s) => (alpha * s + 1 - alpha) ** 2));
  const padding = 4 * 1e-7 * (alpha + (1 - alpha) / Math.sqrt(1e-7)) ** 2;
  const lengthX = Math.hypot(...a!.data);
  const lengthY = Math.hypot(...b!.data) * Math.sqrt(own / (own + padding));
  return Math.sqrt(lengthX ** 2 + lengthY ** 2 - 2 * lengthX * lengthY * Math.cos(angle));
}
const rsaBy =
  (distance: NonNullable<RsaOptions["distance"]>, compare: NonNullable<RsaOptions["compare"]>) =>
  ({ x, y }: Inputs) =>
    rsa(x, y, { distance, compare }).similarity;
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
  "netrep.angular(alpha=0.5,12v12)": (inputs) => wideShape(inputs, 0.5).angle,
  "netrep.euclidean(alpha=0.5,12v12)": (inputs) => wideShape(inputs, 0.5).distance,
  "netrep.angular(alpha=0.0,12v12)": (inputs) => wideShape(inputs, 0).angle,
  "netrep.euclidean(alpha=0.0,12v12)": (inputs) => wideShape(inputs, 0).distance,
  "netrep.angular(alpha=0.5,12v8=y[:, :8])": (inputs) => narrowShape(inputs, 0.5).angle,
  "netrep.euclidean(alpha=0.5,12v8=y[:, :8])": (inputs) => paddedShape(inputs, 0.5),
  "rsa.pearson(sqeuclidean)": rsaBy("squaredEuclidean", "pearson"),
  "rsa.spearman(sqeuclidean)": rsaBy("squaredEuclidean", "spearman"),
  "rsa.cosine(sqeuclidean)": rsaBy("squaredEuclidean", "cosine"),
  "rsa.kendallTauB(sqeuclidean)": rsaBy("squaredEuclidean", "kendall"),
  "rsa.pearson(correlation)": rsaBy("correlation", "pearson"),
  "rsa.spearman(correlation)": rsaBy("correlation", "spearman"),
  "rsa.cosine(correlation)": rsaBy("correlation", "cosine"),
  "rsa.kendallTauB(correlation)": rsaBy("correlation", "kendall"),
  // The peer takes the width of y off the degrees of freedom where that of x belongs (its own tests have sides of equal
  // width), which comes to counting keptX − keptY examples too many. With as many we must have its numbers.
  "wilksTest[cca, Wilks lambda, num DF, den DF, F, p]": ({ x, y }) => {
    const result = cca(x, y);
    const examples = x.shape[0]! + result.keptX - result.keptY;
    return wilksTest(result, { examples }).map((row) => [
      row.correlation,
      row.lambda,
      ...row.degreesOfFreedom,
      row.fStatistic,
      row.pValue,
    ]);
  },
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
  expected.filter(({ kind }) => kind === "must");
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
  test("01_cca_small: degrees of freedom for sides of unequal width", () => {
    const golden = goldenCases.find(({ id }) => id === "01_cca_small")!;
    const { x, y } = inputsOf(golden) as Inputs;
    const wrong = golden.expected.find(({ quantity }) => quantity.startsWith("wilksTest"))!.value;
    const last = wilksTest(cca(x, y), { examples: x.shape[0]! }).at(-1)!;
    // The exact law of one direction against four, the eight others fitted: 200 − 1 − 12.
    expect(wrong.at(-1)[3]).toBe(190);
    expect(last.degreesOfFreedom).toEqual([4, 187]);
  });

  test("17_procrustes_shape: padded neurons have a part of the variance", () => {
    const golden = goldenCases.find(({ id }) => id === "17_procrustes_shape")!;
    const inputs = inputsOf(golden) as Inputs;
    const quirk = (field: string, alpha: string) =>
      golden.expected.find(
        ({ quantity }) => quantity === `netrep.${field}(alpha=${alpha},12v8=y[:, :8])`,
      )!.value;
    const white = narrowShape(inputs, 0);
    expect(white.angle).toBeCloseTo(quirk("angular", "0.0"), 12);
    expect(white.distance - quirk("euclidean", "0.0")).toBeGreaterThan(1);
    expect(paddedShape(inputs, 0)).toBeCloseTo(quirk("euclidean", "0.0"), 8);
    expect(narrowShape(inputs, 0.5).distance - quirk("euclidean", "0.5")).toBeGreaterThan(0.01);
  });

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

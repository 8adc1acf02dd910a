/** Runs in Node, in a page and in a worker: the same calls on the same data. */
import { cca, cka, dftCca, procrustes, pwcca, similarityGrid, svcca } from "closerlook/similarity";

/** Pseudo-random numbers in [−1, 1) in integer arithmetic, which no two engines do differently. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const array = (shape: readonly number[], seed: number) => ({
  data: numbers(
    shape.reduce((a, b) => a * b),
    seed,
  ),
  shape,
});

/** A layer that knows something of another: half of its neurons are copies with noise. */
function related(x: ReturnType<typeof array>, neurons: number, seed: number) {
  const [examples, columns] = x.shape as [number, number];
  const data = numbers(examples * neurons, seed);
  for (let i = 0; i < examples; i++) {
    for (let j = 0; j < neurons; j += 2) {
      data[i * neurons + j] = data[i * neurons + j]! / 4 + x.data[i * columns + (j % columns)]!;
    }
  }
  return { data, shape: [examples, neurons] };
}

/** Everything that the functions answer, as text: JSON keeps every bit of a number. */
export function results(): string {
  const x = array([600, 75], 1);
  const y = related(x, 133, 2);
  // More neurons than examples, and neurons without variance.
  const wide = array([40, 90], 3);
  const dead = { ...wide, data: wide.data.map((value, i) => (i % 90 < 5 ? 1000 : value)) };
  const layers = { first: x, second: related(x, 34, 4), third: array([600, 1], 5) };
  const answers = {
    svcca: svcca(x, y),
    svccaWide: svcca(wide, dead),
    cca: cca(x, y),
    ccaRegularized: cca(x, y, { regularization: 0.01 }),
    pwcca: pwcca(x, y),
    cka: cka(x, y),
    ckaDebiased: cka(wide, dead, { debiased: true }),
    ckaRbf: cka(wide, dead, { kernel: "rbf" }),
    procrustes: procrustes(x, y),
    dftCca: dftCca(array([50, 6, 5, 4], 6), array([50, 4, 8, 3], 7)),
    similarityGrid: similarityGrid(layers, { ...layers, last: y }),
  };
  return JSON.stringify(answers, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value,
  );
}

/** Whether WebAssembly here has fused multiply-add (relaxed SIMD), with which the kernels then compute. */
export const hasRelaxedSimd = (): boolean =>
  // One function that is nothing but f64x2.relaxed_madd of its three arguments.
  WebAssembly.validate(
    Uint8Array.of(
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b],
      ...[0x03, 0x02, 0x01, 0x00],
      ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x87, 0x02, 0x0b],
    ),
  );

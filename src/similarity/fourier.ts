import FFT from "fft.js";

/** Discrete Fourier transform of a fixed length: complex numbers as (real, imaginary) pairs, `output ≠ input`. */
export type Transform = (input: Float64Array, output: Float64Array) => void;

const isPowerOfTwo = (length: number) => Number.isInteger(Math.log2(length));

/** The transform X(k) = Σ x(j) exp(−2πi jk/length) for any length. */
export function discreteFourierTransform(length: number): Transform {
  if (length === 1) return (input, output) => output.set(input);
  if (isPowerOfTwo(length)) {
    const fft = new FFT(length);
    return (input, output) => fft.transform(output, input);
  }
  return bluestein(length);
}

/**
 * Bluestein's algorithm: with jk = (j² + k² − (k − j)²)/2 a transform of any length is a convolution with the chirp
 * exp(πi j²/length), which transforms of a power of two compute.
 */
function bluestein(length: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * length - 1));
  const fft = new FFT(size);
  const chirp = new Float64Array(2 * length);
  const padded = new Float64Array(2 * size);
  for (let j = 0; j < length; j++) {
    // The angle has period 2·length in j²: reducing it first keeps the cosine exact for long transforms.
    const angle = (Math.PI * ((j * j) % (2 * length))) / length;
    chirp[2 * j] = Math.cos(angle);
    chirp[2 * j + 1] = Math.sin(angle);
    for (const at of j === 0 ? [0] : [j, size - j]) {
      padded[2 * at] = chirp[2 * j]!;
      padded[2 * at + 1] = chirp[2 * j + 1]!;
    }
  }
  const filter = new Float64Array(2 * size);
  fft.transform(filter, padded);
  const spectrum = new Float64Array(2 * size);
  const convolved = new Float64Array(2 * size);
  return (input, output) => {
    padded.fill(0);
    for (let j = 0; j < length; j++) multiply(input, j, chirp, j, -1, padded, j);
    fft.transform(spectrum, padded);
    for (let j = 0; j < size; j++) multiply(spectrum, j, filter, j, 1, padded, j);
    fft.inverseTransform(convolved, padded);
    for (let k = 0; k < length; k++) multiply(convolved, k, chirp, k, -1, output, k);
  };
}

/** `into[k] = a[i] · b[j]`, b conjugated where `sign` is −1. */
function multiply(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  sign: 1 | -1,
  into: Float64Array,
  k: number,
): void {
  const realA = a[2 * i]!;
  const imaginaryA = a[2 * i + 1]!;
  const realB = b[2 * j]!;
  const imaginaryB = sign * b[2 * j + 1]!;
  into[2 * k] = realA * realB - imaginaryA * imaginaryB;
  into[2 * k + 1] = realA * imaginaryB + imaginaryA * realB;
}

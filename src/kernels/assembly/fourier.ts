/**
 * Two-dimensional discrete Fourier transforms of images [height][width][channels], all channels side by side: each step
 * works on contiguous lanes. Real channels go through the complex transform in pairs, the first half of them as real
 * and the second as imaginary parts.
 */

function lanesOf(channels: i32): i32 {
  // Even, so that two lanes at a time need no remainder.
  return (((channels + 1) >> 1) + 1) & ~1;
}

/** Bytes of scratch space that {@link transformImage} needs. */
export function transformScratchBytes(height: i32, width: i32, channels: i32): usize {
  return <usize>(4 * height * width * lanesOf(channels)) << 3;
}

/**
 * Transforms image `item` of a chunk and writes its row, number `first + item` of `examples`, of each wanted frequency.
 *
 * @param source - Images of 4 or 8 `bytes` per number, one after the other.
 * @param means - [height][width][channels] means, then as many rests, which are taken off.
 * @param scales - A power of two for each channel, which brings all channels to one size, then its inverse.
 * @param waves - cos and then sin of 2πk/length for k < length: those of the width, then those of the height.
 * @param frequencies - Pairs of 32-bit integers u, v.
 * @param planes - Receives for each frequency [examples][channels] real parts, then as many imaginary parts.
 */
export function transformImage(
  source: usize,
  bytes: i32,
  first: i32,
  examples: i32,
  height: i32,
  width: i32,
  channels: i32,
  means: usize,
  scales: usize,
  waves: usize,
  frequencies: usize,
  count: i32,
  planes: usize,
  scratch: usize,
  item: i32,
): void {
  const lanes = lanesOf(channels);
  const size = <usize>(height * width * lanes) << 3;
  const rowBytes = <usize>(width * lanes) << 3;
  const re = scratch;
  const im = re + size;
  const re2 = im + size;
  const im2 = re2 + size;
  source += <usize>item * <usize>(height * width * channels) * <usize>bytes;
  if (bytes == 4) readImage<f32>(source, height * width, channels, lanes, means, scales, re, im);
  else readImage<f64>(source, height * width, channels, lanes, means, scales, re, im);
  const stride = <usize>lanes << 3;
  for (let row = 0; row < height; row++) {
    const at = rowBytes * <usize>row;
    transform(re + at, im + at, stride, re2 + at, im2 + at, stride, width, lanes, waves, width, 1);
  }
  const columnWaves = waves + (<usize>width << 4);
  transform(re2, im2, rowBytes, re, im, rowBytes, height, width * lanes, columnWaves, height, 1);
  const plane = <usize>examples * <usize>channels << 3;
  let into = planes + (<usize>(first + item) * <usize>channels << 3);
  for (let f = 0; f < count; f++, into += 2 * plane) {
    const u = load<i32>(frequencies + (<usize>f << 3));
    const v = load<i32>(frequencies + (<usize>f << 3), 4);
    const at = <usize>((u * width + v) * lanes) << 3;
    const mirrored = <usize>((((height - u) % height) * width + ((width - v) % width)) * lanes) << 3;
    separate(re + at, im + at, re + mirrored, im + mirrored, channels, scales, into, into + plane);
  }
}

/** Takes the means off, and lays the first half of the channels into `re`, the others into `im`. */
function readImage<T>(
  source: usize,
  positions: i32,
  channels: i32,
  lanes: i32,
  means: usize,
  scales: usize,
  re: usize,
  im: usize,
): void {
  const half = (channels + 1) >> 1;
  const rests = means + (<usize>(positions * channels) << 3);
  const upper = scales + (<usize>half << 3);
  for (let position = 0; position < positions; position++) {
    const at = <usize>(position * channels);
    const behind = at + <usize>half;
    const row = <usize>(position * lanes) << 3;
    readLanes<T>(source, at, half, means, rests, scales, re + row, lanes);
    readLanes<T>(source, behind, channels - half, means, rests, upper, im + row, lanes);
  }
}

/** `count` numbers from index `at` on, and zeros up to `lanes`. */
function readLanes<T>(
  source: usize,
  at: usize,
  count: i32,
  means: usize,
  rests: usize,
  scales: usize,
  into: usize,
  lanes: i32,
): void {
  source += at * sizeof<T>();
  means += at << 3;
  rests += at << 3;
  let lane = 0;
  for (; lane + 2 <= count; lane += 2) {
    const behind = <usize>lane << 3;
    const from = source + <usize>lane * sizeof<T>();
    const numbers =
      sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(from)) : v128.load(from);
    const centred = f64x2.sub(
      f64x2.sub(numbers, v128.load(means + behind)),
      v128.load(rests + behind),
    );
    v128.store(into + behind, f64x2.mul(centred, v128.load(scales + behind)));
  }
  for (; lane < lanes; lane++) {
    const behind = <usize>lane << 3;
    let centred: f64 = 0;
    if (lane < count) {
      const from = source + <usize>lane * sizeof<T>();
      const number = sizeof<T>() == 4 ? <f64>f32.load(from) : f64.load(from);
      centred = number - f64.load(means + behind) - f64.load(rests + behind);
      centred *= f64.load(scales + behind);
    }
    f64.store(into + behind, centred);
  }
}

/**
 * out(k) = Σ in(j) exp(−2πi jk/length), each element `lanes` numbers wide and `stride` bytes from the next. By halves
 * while the length is even, by its definition where it is odd. `step` is the distance of neighbouring waves in the table.
 */
function transform(
  re: usize,
  im: usize,
  stride: usize,
  outRe: usize,
  outIm: usize,
  outStride: usize,
  length: i32,
  lanes: i32,
  waves: usize,
  waveCount: i32,
  step: i32,
): void {
  if ((length & 1) == 1) {
    directTransform(re, im, stride, outRe, outIm, outStride, length, lanes, waves, waveCount, step);
    return;
  }
  const half = length >> 1;
  const upper = outStride * <usize>half;
  transform(re, im, 2 * stride, outRe, outIm, outStride, half, lanes, waves, waveCount, 2 * step);
  transform(
    re + stride,
    im + stride,
    2 * stride,
    outRe + upper,
    outIm + upper,
    outStride,
    half,
    lanes,
    waves,
    waveCount,
    2 * step,
  );
  const sines = waves + (<usize>waveCount << 3);
  for (let k = 0; k < half; k++) {
    const wave = <usize>(k * step) << 3;
    const cosine = f64x2.splat(f64.load(waves + wave));
    const sine = f64x2.splat(f64.load(sines + wave));
    let lowRe = outRe + outStride * <usize>k;
    let lowIm = outIm + outStride * <usize>k;
    for (let lane = 0; lane < lanes; lane += 2, lowRe += 16, lowIm += 16) {
      const oddRe = v128.load(lowRe + upper);
      const oddIm = v128.load(lowIm + upper);
      const turnedRe = f64x2.add(f64x2.mul(oddRe, cosine), f64x2.mul(oddIm, sine));
      const turnedIm = f64x2.sub(f64x2.mul(oddIm, cosine), f64x2.mul(oddRe, sine));
      const evenRe = v128.load(lowRe);
      const evenIm = v128.load(lowIm);
      v128.store(lowRe, f64x2.add(evenRe, turnedRe));
      v128.store(lowIm, f64x2.add(evenIm, turnedIm));
      v128.store(lowRe + upper, f64x2.sub(evenRe, turnedRe));
      v128.store(lowIm + upper, f64x2.sub(evenIm, turnedIm));
    }
  }
}

function directTransform(
  re: usize,
  im: usize,
  stride: usize,
  outRe: usize,
  outIm: usize,
  outStride: usize,
  length: i32,
  lanes: i32,
  waves: usize,
  waveCount: i32,
  step: i32,
): void {
  const bytes = <usize>lanes << 3;
  const sines = waves + (<usize>waveCount << 3);
  for (let k = 0; k < length; k++) {
    const toRe = outRe + outStride * <usize>k;
    const toIm = outIm + outStride * <usize>k;
    memory.copy(toRe, re, bytes);
    memory.copy(toIm, im, bytes);
    let turn = 0;
    for (let j = 1; j < length; j++) {
      turn += k;
      if (turn >= length) turn -= length;
      const wave = <usize>(turn * step) << 3;
      const cosine = f64x2.splat(f64.load(waves + wave));
      const sine = f64x2.splat(f64.load(sines + wave));
      let fromRe = re + stride * <usize>j;
      let fromIm = im + stride * <usize>j;
      for (let at: usize = 0; at < bytes; at += 16, fromRe += 16, fromIm += 16) {
        const a = v128.load(fromRe);
        const b = v128.load(fromIm);
        const sumRe = f64x2.add(v128.load(toRe + at), f64x2.mul(a, cosine));
        const sumIm = f64x2.add(v128.load(toIm + at), f64x2.mul(b, cosine));
        v128.store(toRe + at, f64x2.add(sumRe, f64x2.mul(b, sine)));
        v128.store(toIm + at, f64x2.sub(sumIm, f64x2.mul(a, sine)));
      }
    }
  }
}

/**
 * With Z = A + iB at a frequency and Z′ at its mirror image, real channels have A = (Z + conj Z′)/2 and
 * B = (Z − conj Z′)/2i.
 */
function separate(
  re: usize,
  im: usize,
  mirroredRe: usize,
  mirroredIm: usize,
  channels: i32,
  scales: usize,
  intoRe: usize,
  intoIm: usize,
): void {
  const half = (channels + 1) >> 1;
  const inverses = scales + (<usize>channels << 3);
  const behind = <usize>half << 3;
  combine(re, mirroredRe, 1, half, inverses, intoRe);
  combine(im, mirroredIm, -1, half, inverses, intoIm);
  const others = channels - half;
  combine(im, mirroredIm, 1, others, inverses + behind, intoRe + behind);
  combine(mirroredRe, re, -1, others, inverses + behind, intoIm + behind);
}

/** (a + sign·b)/2, times the factors. */
function combine(a: usize, b: usize, sign: f64, count: i32, factors: usize, into: usize): void {
  const signs = f64x2.splat(sign);
  const halves = f64x2.splat(0.5);
  let lane = 0;
  for (; lane + 2 <= count; lane += 2) {
    const at = <usize>lane << 3;
    const sum = f64x2.add(v128.load(a + at), f64x2.mul(signs, v128.load(b + at)));
    v128.store(into + at, f64x2.mul(f64x2.mul(sum, halves), v128.load(factors + at)));
  }
  for (; lane < count; lane++) {
    const at = <usize>lane << 3;
    const sum = f64.load(a + at) + sign * f64.load(b + at);
    f64.store(into + at, sum * 0.5 * f64.load(factors + at));
  }
}

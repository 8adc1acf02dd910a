/**
 * Gradients of a depthwise convolution: every input channel has `multiplier` filters of its own.
 *
 * The fields stand in the order of `depthwise.ts` outside of this folder.
 */
@unmanaged
export class Depthwise {
  /** Images [images, height, width, channels], read for the filter's gradient and written for the input's. */
  image: u32;
  dy: u32;
  /** [filterHeight, filterWidth, channels · multiplier], or parts of that to be summed. */
  filter: u32;
  images: i32;
  height: i32;
  width: i32;
  channels: i32;
  multiplier: i32;
  top: i32;
  left: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  imagesPerPart: i32;
}

/** Index of the window whose tap falls on the position, or −1. */
// @ts-ignore: decorator
@inline
function windowOf(position: i32, tap: i32, before: i32, stride: i32, dilation: i32, windows: i32): i32 {
  const start = position + before - tap * dilation;
  if (start < 0 || start % stride != 0) return -1;
  const window = start / stride;
  return window < windows ? window : -1;
}

/** The gradient by one row of one image; item = (image, row). */
export function depthwiseInputGradient(plan: Depthwise, scratch: usize, item: i32): void {
  const image = item / plan.height;
  const row = item % plan.height;
  const channels = plan.channels;
  const outputs = channels * plan.multiplier;
  const pixelBytes = <usize>channels << 2;
  const outputBytes = <usize>outputs << 2;
  const line = <usize>plan.image + <usize>item * <usize>plan.width * pixelBytes;
  memory.fill(line, 0, <usize>plan.width * pixelBytes);
  for (let i = 0; i < plan.filterHeight; i++) {
    const y = windowOf(row, i, plan.top, plan.strideHeight, plan.dilationHeight, plan.outputHeight);
    if (y < 0) continue;
    const dyLine =
      <usize>plan.dy + <usize>((image * plan.outputHeight + y) * plan.outputWidth) * outputBytes;
    for (let column = 0; column < plan.width; column++) {
      const pixel = line + <usize>column * pixelBytes;
      for (let j = 0; j < plan.filterWidth; j++) {
        const x = windowOf(column, j, plan.left, plan.strideWidth, plan.dilationWidth, plan.outputWidth);
        if (x < 0) continue;
        const dy = dyLine + <usize>x * outputBytes;
        const filter = <usize>plan.filter + <usize>(i * plan.filterWidth + j) * outputBytes;
        let c = 0;
        if (plan.multiplier == 1) {
          for (; c + 4 <= channels; c += 4) {
            const at = <usize>c << 2;
            const product = f32x4.mul(v128.load(dy + at), v128.load(filter + at));
            v128.store(pixel + at, f32x4.add(v128.load(pixel + at), product));
          }
        }
        for (; c < channels; c++) {
          const at = pixel + (<usize>c << 2);
          let sum = f32.load(at);
          for (let o = c * plan.multiplier; o < (c + 1) * plan.multiplier; o++) {
            sum += f32.load(dy + (<usize>o << 2)) * f32.load(filter + (<usize>o << 2));
          }
          f32.store(at, sum);
        }
      }
    }
  }
}

/**
 * The gradient by the filter of some of the images; item = part. Rows are summed in single precision and those sums in
 * double, since they are too many. Scratch: the sums.
 */
export function depthwiseFilterGradient(plan: Depthwise, scratch: usize, item: i32): void {
  const outputs = plan.channels * plan.multiplier;
  const pixelBytes = <usize>plan.channels << 2;
  const outputBytes = <usize>outputs << 2;
  const length = plan.filterHeight * plan.filterWidth * outputs;
  memory.fill(scratch, 0, <usize>length << 3);
  const first = item * plan.imagesPerPart;
  const end = min(plan.images, first + plan.imagesPerPart);
  for (let image = first; image < end; image++) {
    for (let y = 0; y < plan.outputHeight; y++) {
      const dyLine =
        <usize>plan.dy + <usize>((image * plan.outputHeight + y) * plan.outputWidth) * outputBytes;
      for (let i = 0; i < plan.filterHeight; i++) {
        const row = y * plan.strideHeight + i * plan.dilationHeight - plan.top;
        if (row < 0 || row >= plan.height) continue;
        const line = <usize>plan.image + <usize>((image * plan.height + row) * plan.width) * pixelBytes;
        for (let j = 0; j < plan.filterWidth; j++) {
          const shift = j * plan.dilationWidth - plan.left;
          const step = plan.strideWidth;
          // Windows whose tap falls on the image.
          const from = shift >= 0 ? 0 : (step - 1 - shift) / step;
          const to = min(plan.outputWidth, shift >= plan.width ? 0 : (plan.width - 1 - shift) / step + 1);
          if (from >= to) continue;
          const sums = scratch + (<usize>((i * plan.filterWidth + j) * outputs) << 3);
          const x = line + <usize>(from * step + shift) * pixelBytes;
          addRow(x, <usize>step * pixelBytes, dyLine + <usize>from * outputBytes, outputBytes, to - from, plan, sums);
        }
      }
    }
  }
  const into = <usize>plan.filter + <usize>item * (<usize>length << 2);
  for (let i = 0; i < length; i++) {
    f32.store(into + (<usize>i << 2), <f32>f64.load(scratch + (<usize>i << 3)));
  }
}

/** sums[o] += Σ x · dy[o] over `count` pixels. */
function addRow(
  x: usize,
  step: usize,
  dy: usize,
  outputBytes: usize,
  count: i32,
  plan: Depthwise,
  sums: usize,
): void {
  const outputs = plan.channels * plan.multiplier;
  let o = 0;
  if (plan.multiplier == 1) {
    for (; o + 4 <= outputs; o += 4) {
      let sum = f32x4.splat(0);
      let from = x + (<usize>o << 2);
      let beside = dy + (<usize>o << 2);
      for (let k = 0; k < count; k++, from += step, beside += outputBytes) {
        sum = f32x4.add(sum, f32x4.mul(v128.load(from), v128.load(beside)));
      }
      const at = sums + (<usize>o << 3);
      const low = f64x2.promote_low_f32x4(sum);
      const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(sum, sum, 2, 3, 2, 3));
      v128.store(at, f64x2.add(v128.load(at), low));
      v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
    }
  }
  for (; o < outputs; o++) {
    let sum: f32 = 0;
    let from = x + (<usize>(o / plan.multiplier) << 2);
    let beside = dy + (<usize>o << 2);
    for (let k = 0; k < count; k++, from += step, beside += outputBytes) {
      sum += f32.load(from) * f32.load(beside);
    }
    const at = sums + (<usize>o << 3);
    f64.store(at, f64.load(at) + <f64>sum);
  }
}

/**
 * Pooling of images [images, height, width, channels] over windows that may reach outside of the image, where there is nothing.
 * item = rows of the output of one image. The fields stand in the order of `pooling.ts` outside of this folder.
 */
@unmanaged
export class Pooling {
  images: i32;
  height: i32;
  width: i32;
  channels: i32;
  /** Rows and columns of the first window that lie before the image. */
  top: i32;
  left: i32;
  windowHeight: i32;
  windowWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  rowsPerItem: i32;
}

/** The window of one output pixel, clipped to the image. */
let firstRow: i32 = 0;
let rows: i32 = 0;
let firstColumn: i32 = 0;
let columns: i32 = 0;

function clipRows(plan: Pooling, row: i32): void {
  const top = row * plan.strideHeight - plan.top;
  firstRow = max(0, top);
  rows = max(0, min(plan.height, top + plan.windowHeight) - firstRow);
}

function clipColumns(plan: Pooling, column: i32): void {
  const left = column * plan.strideWidth - plan.left;
  firstColumn = max(0, left);
  columns = max(0, min(plan.width, left + plan.windowWidth) - firstColumn);
}

/**
 * Largest number of each window. As on the cpu backend, what is not a number is passed over, and a window in which there is
 * nothing greater gives −Infinity.
 */
export function maxPool(plan: Pooling, input: usize, output: usize, scratch: usize, item: i32): void {
  const items = (plan.outputHeight + plan.rowsPerItem - 1) / plan.rowsPerItem;
  const image = item / items;
  const first = (item % items) * plan.rowsPerItem;
  const end = min(plan.outputHeight, first + plan.rowsPerItem);
  const pixel = <usize>plan.channels << 2;
  const line = pixel * <usize>plan.width;
  input += <usize>(image * plan.height) * line;
  let to = output + <usize>(image * plan.outputHeight + first) * <usize>plan.outputWidth * pixel;
  for (let row = first; row < end; row++) {
    clipRows(plan, row);
    for (let column = 0; column < plan.outputWidth; column++, to += pixel) {
      clipColumns(plan, column);
      const from = input + <usize>firstRow * line + <usize>firstColumn * pixel;
      largestPixel(from, to, rows, columns, pixel, line);
    }
  }
}

// @ts-ignore: decorator
@inline
function placeOf(from: usize, index: i32, columns: i32, pixel: usize, line: usize): usize {
  return from + <usize>(index / columns) * line + <usize>(index % columns) * pixel;
}

/** Four pixels of the window at a time, some of them more than once where they do not come out even. */
function largestPixel(
  from: usize,
  to: usize,
  rows: i32,
  columns: i32,
  pixel: usize,
  line: usize,
): void {
  const count = rows * columns;
  if (count == 0) {
    const end = to + pixel;
    for (; to < end; to += 4) f32.store(to, -Infinity);
    return;
  }
  const last = count - 1;
  for (let i = 0; i < count; i += 4) {
    largestOfFour(
      placeOf(from, i, columns, pixel, line),
      placeOf(from, min(last, i + 1), columns, pixel, line),
      placeOf(from, min(last, i + 2), columns, pixel, line),
      placeOf(from, min(last, i + 3), columns, pixel, line),
      to,
      pixel,
      i > 0,
    );
  }
}

function largestOfFour(
  at0: usize,
  at1: usize,
  at2: usize,
  at3: usize,
  to: usize,
  bytes: usize,
  more: bool,
): void {
  const none = f32x4.splat(-Infinity);
  let i: usize = 0;
  for (const end = bytes & ~15; i < end; i += 16) {
    // pmax is one instruction, and keeps the first where the second is not a number.
    let value = f32x4.pmax(more ? v128.load(to + i) : none, v128.load(at0 + i));
    value = f32x4.pmax(value, v128.load(at1 + i));
    value = f32x4.pmax(value, v128.load(at2 + i));
    v128.store(to + i, f32x4.pmax(value, v128.load(at3 + i)));
  }
  for (; i < bytes; i += 4) {
    let value = f32x4.pmax(more ? v128.load32_splat(to + i) : none, v128.load32_splat(at0 + i));
    value = f32x4.pmax(value, v128.load32_splat(at1 + i));
    value = f32x4.pmax(value, v128.load32_splat(at2 + i));
    value = f32x4.pmax(value, v128.load32_splat(at3 + i));
    f32.store(to + i, f32x4.extract_lane(value, 0));
  }
}

/** Mean of the numbers that each window sees. */
export function averagePool(plan: Pooling, input: usize, output: usize, scratch: usize, item: i32): void {
  const items = (plan.outputHeight + plan.rowsPerItem - 1) / plan.rowsPerItem;
  const image = item / items;
  const first = (item % items) * plan.rowsPerItem;
  const end = min(plan.outputHeight, first + plan.rowsPerItem);
  const channels = plan.channels;
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>plan.width;
  input += <usize>(image * plan.height) * line;
  let to = output + <usize>(image * plan.outputHeight + first) * <usize>plan.outputWidth * pixel;
  for (let row = first; row < end; row++) {
    clipRows(plan, row);
    for (let column = 0; column < plan.outputWidth; column++) {
      clipColumns(plan, column);
      let from = input + <usize>firstRow * line + <usize>firstColumn * pixel;
      const height = rows;
      const width = <usize>columns * pixel;
      const count = <f32>(height * columns);
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4, from += 16, to += 16) {
        let sum = f32x4.splat(0);
        let start = from;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel) sum = f32x4.add(sum, v128.load(at));
        }
        v128.store(to, f32x4.div(sum, f32x4.splat(count)));
      }
      for (; channel < channels; channel++, from += 4, to += 4) {
        let sum: f32 = 0;
        let start = from;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel) sum += f32.load(at);
        }
        f32.store(to, sum / count);
      }
    }
  }
}

/** Clears the rows of the gradient that belong to an item: from its first window on to the first of the next item. */
function clearRows(plan: Pooling, gradient: usize, first: i32, end: i32, line: usize): void {
  const from = first == 0 ? 0 : max(0, first * plan.strideHeight - plan.top);
  const to = end == plan.outputHeight ? plan.height : min(plan.height, end * plan.strideHeight - plan.top);
  if (to > from) memory.fill(gradient + <usize>from * line, 0, <usize>(to - from) * line);
}

/** Windows of 2 × 2 that tile the image, the most frequent ones: all four gradients are written at once. */
function tileGradient(from: usize, offset: usize, dy: usize, pixel: usize, line: usize): void {
  const none = f32x4.splat(-Infinity);
  let at = from;
  for (const end = from + (pixel & ~15); at < end; at += 16, dy += 16) {
    const x0 = v128.load(at);
    const x1 = v128.load(at + pixel);
    const x2 = v128.load(at + line);
    const x3 = v128.load(at + line + pixel);
    // Whether each is greater than all before it; the last one that is has the first largest number.
    let largest = f32x4.pmax(none, x0);
    const greater1 = f32x4.gt(x1, largest);
    largest = f32x4.pmax(largest, x1);
    const greater2 = f32x4.gt(x2, largest);
    largest = f32x4.pmax(largest, x2);
    const greater3 = f32x4.gt(x3, largest);
    let g = v128.load(dy);
    const to = at + offset;
    v128.store(to + line + pixel, v128.and(g, greater3));
    g = v128.andnot(g, greater3);
    v128.store(to + line, v128.and(g, greater2));
    g = v128.andnot(g, greater2);
    v128.store(to + pixel, v128.and(g, greater1));
    g = v128.andnot(g, greater1);
    v128.store(to, v128.and(g, f32x4.gt(x0, none)));
  }
  for (const end = from + pixel; at < end; at += 4, dy += 4) {
    const to = at + offset;
    f32.store(to, 0);
    f32.store(to + pixel, 0);
    f32.store(to + line, 0);
    f32.store(to + line + pixel, 0);
    let place: usize = 0;
    let largest: f32 = -Infinity;
    for (let k: usize = 0; k < 4; k++) {
      const x = at + (k & 1) * pixel + (k >> 1) * line;
      if (f32.load(x) > largest) {
        largest = f32.load(x);
        place = x;
      }
    }
    if (place != 0) f32.store(place + offset, f32.load(dy));
  }
}

/** The gradient of each window goes to its first largest number. */
export function maxPoolGradient(
  plan: Pooling,
  dy: usize,
  input: usize,
  gradient: usize,
  scratch: usize,
  item: i32,
): void {
  const items = (plan.outputHeight + plan.rowsPerItem - 1) / plan.rowsPerItem;
  const image = item / items;
  const firstOutput = (item % items) * plan.rowsPerItem;
  const end = min(plan.outputHeight, firstOutput + plan.rowsPerItem);
  const channels = plan.channels;
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>plan.width;
  input += <usize>(image * plan.height) * line;
  gradient += <usize>(image * plan.height) * line;
  dy += <usize>(image * plan.outputHeight + firstOutput) * <usize>plan.outputWidth * pixel;
  const offset = gradient - input;
  const tiled =
    plan.top == 0 &&
    plan.left == 0 &&
    plan.windowHeight == 2 &&
    plan.windowWidth == 2 &&
    plan.strideHeight == 2 &&
    plan.strideWidth == 2 &&
    plan.height == 2 * plan.outputHeight &&
    plan.width == 2 * plan.outputWidth;
  if (!tiled) clearRows(plan, gradient, firstOutput, end, line);
  for (let row = firstOutput; row < end; row++) {
    clipRows(plan, row);
    for (let column = 0; column < plan.outputWidth; column++) {
      clipColumns(plan, column);
      let from = input + <usize>firstRow * line + <usize>firstColumn * pixel;
      if (tiled) {
        tileGradient(from, offset, dy, pixel, line);
        dy += pixel;
        continue;
      }
      const height = rows;
      const width = <usize>columns * pixel;
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4, from += 16, dy += 16) {
        let largest = f32x4.splat(-Infinity);
        let place = i32x4.splat(-1);
        let start = from;
        let index = 0;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel, index++) {
            const x = v128.load(at);
            const larger = f32x4.gt(x, largest);
            largest = v128.bitselect(x, largest, larger);
            place = v128.bitselect(i32x4.splat(index), place, larger);
          }
        }
        const g = v128.load(dy);
        start = from + offset;
        index = 0;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel, index++) {
            const here = v128.and(g, i32x4.eq(place, i32x4.splat(index)));
            v128.store(at, f32x4.add(v128.load(at), here));
          }
        }
      }
      for (; channel < channels; channel++, from += 4, dy += 4) {
        let largest: f32 = -Infinity;
        let place: usize = 0;
        let start = from;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel) {
            const x = f32.load(at);
            if (x > largest) {
              largest = x;
              place = at;
            }
          }
        }
        if (place != 0) f32.store(place + offset, f32.load(place + offset) + f32.load(dy));
      }
    }
  }
}

/** The gradient of each window goes in equal parts to all numbers that it sees. */
export function averagePoolGradient(
  plan: Pooling,
  dy: usize,
  gradient: usize,
  scratch: usize,
  item: i32,
): void {
  const items = (plan.outputHeight + plan.rowsPerItem - 1) / plan.rowsPerItem;
  const image = item / items;
  const firstOutput = (item % items) * plan.rowsPerItem;
  const end = min(plan.outputHeight, firstOutput + plan.rowsPerItem);
  const channels = plan.channels;
  const pixel = <usize>channels << 2;
  const line = pixel * <usize>plan.width;
  gradient += <usize>(image * plan.height) * line;
  dy += <usize>(image * plan.outputHeight + firstOutput) * <usize>plan.outputWidth * pixel;
  clearRows(plan, gradient, firstOutput, end, line);
  for (let row = firstOutput; row < end; row++) {
    clipRows(plan, row);
    for (let column = 0; column < plan.outputWidth; column++) {
      clipColumns(plan, column);
      let from = gradient + <usize>firstRow * line + <usize>firstColumn * pixel;
      const height = rows;
      const width = <usize>columns * pixel;
      const count = <f32>(height * columns);
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4, from += 16, dy += 16) {
        const g = f32x4.div(v128.load(dy), f32x4.splat(count));
        let start = from;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel) {
            v128.store(at, f32x4.add(v128.load(at), g));
          }
        }
      }
      for (; channel < channels; channel++, from += 4, dy += 4) {
        const g = f32.load(dy) / count;
        let start = from;
        for (let r = 0; r < height; r++, start += line) {
          for (let at = start; at < start + width; at += pixel) {
            f32.store(at, f32.load(at) + g);
          }
        }
      }
    }
  }
}

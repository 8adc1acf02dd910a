import { digestOf } from "./jobs.js";

/** Labelled images, `[count, height, width, channels]`, and how they are made to fit a network. */
export interface Images {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] };
  /** Class of each image, 0 … 9. */
  readonly y: Uint8Array;
}

export interface TrainAndTest {
  readonly train: Images;
  readonly test: Images;
}

const digests = new WeakMap<TrainAndTest, string>();

/** Digest of all images and labels, for the configuration of jobs that work on them. */
export function digestOfImages(images: TrainAndTest): string {
  const { train, test } = images;
  const digest = digests.get(images) ?? digestOf(train.x.data, train.y, test.x.data, test.y);
  digests.set(images, digest);
  return digest;
}

/** The images at `indices`, in that order. */
export function pick({ x, y }: Images, indices: ArrayLike<number>): Images {
  const size = x.data.length / y.length;
  const data = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    data.set(x.data.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
  }
  return {
    x: { data, shape: [indices.length, ...x.shape.slice(1)] },
    y: Uint8Array.from(indices, (index) => y[index]!),
  };
}

/** The first `perClass` images of each class, in the order of the set. */
export function firstOfEachClass(images: Images, perClass: number): Images {
  const taken = new Map<number, number>();
  const indices: number[] = [];
  images.y.forEach((label, index) => {
    const sofar = taken.get(label) ?? 0;
    if (sofar < perClass) {
      taken.set(label, sofar + 1);
      indices.push(index);
    }
  });
  return pick(images, indices);
}

/** The first `count` images, or all of a smaller set. */
export const firstImages = (images: Images, count: number): Images =>
  pick(
    images,
    Uint32Array.from({ length: Math.min(count, images.y.length) }, (_, index) => index),
  );

/**
 * Images that suit a network made for `height` pixels, whichever set they are from: 32 × 32 as they are or with a margin
 * of zeros around 28 × 28, and for networks made for less half of the height and width, in grey, with a margin where that
 * is too small.
 */
export function fitted(images: Images, height: number): Images {
  const sized = height < images.x.shape[1]! / 1.5 ? halved(grey(images)) : images;
  const own = sized.x.shape[1]!;
  return height > own ? padded(sized, (height - own) / 2) : sized;
}

/** Means of the colours. */
export function grey({ x, y }: Images): Images {
  const channels = x.shape[3]!;
  if (channels === 1) return { x, y };
  const data = new Float32Array(x.data.length / channels);
  for (let at = 0; at < x.data.length; at++) {
    data[Math.floor(at / channels)]! += x.data[at]! / channels;
  }
  return { x: { data, shape: [...x.shape.slice(0, 3), 1] }, y };
}

/** Zeros around every image, `margin` pixels on each side. */
export function padded({ x, y }: Images, margin: number): Images {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [newHeight, newWidth] = [height + 2 * margin, width + 2 * margin];
  const data = new Float32Array(n * newHeight * newWidth * channels);
  for (let row = 0; row < n * height; row++) {
    const line = Math.floor(row / height) * newHeight + margin + (row % height);
    data.set(
      x.data.subarray(row * width * channels, (row + 1) * width * channels),
      (line * newWidth + margin) * channels,
    );
  }
  return { x: { data, shape: [n, newHeight, newWidth, channels] }, y };
}

/** Means of 2 × 2 blocks: half the height and width. */
export function halved({ x, y }: Images): Images {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [halfHeight, halfWidth] = [height / 2, width / 2];
  const data = new Float32Array(x.data.length / 4);
  for (let at = 0; at < x.data.length; at++) {
    const channel = at % channels;
    const column = Math.floor(at / channels) % width;
    const row = Math.floor(at / (channels * width)) % height;
    const image = Math.floor(at / (channels * width * height));
    const to = ((image * halfHeight + (row >> 1)) * halfWidth + (column >> 1)) * channels + channel;
    data[to]! += x.data[at]! / 4;
  }
  return { x: { data, shape: [n, halfHeight, halfWidth, channels] }, y };
}

/** Both sets shifted and scaled by the training set's mean and standard deviation of each channel. */
export function normalized({ train, test }: TrainAndTest): TrainAndTest {
  const channels = train.x.shape[3]!;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  train.x.data.forEach((value, at) => {
    sum[at % channels]! += value;
    squares[at % channels]! += value * value;
  });
  const perChannel = train.x.data.length / channels;
  const mean = sum.map((total) => total / perChannel);
  const deviation = squares.map((total, c) => Math.sqrt(total / perChannel - mean[c]! ** 2));
  const apply = ({ x, y }: Images): Images => ({
    x: {
      data: x.data.map((value, at) => (value - mean[at % channels]!) / deviation[at % channels]!),
      shape: x.shape,
    },
    y,
  });
  return { train: apply(train), test: apply(test) };
}

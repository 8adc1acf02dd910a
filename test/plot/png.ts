import { inflateSync } from "node:zlib";

/** A PNG of 8 bits in RGB or RGBA, decoded independently of the library that wrote it. */
export function decodePng(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Uint8Array[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IDAT") chunks.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const channels = { 2: 3, 6: 4 }[view.getUint8(25)]!;
  const stride = width * channels;
  const data = new Uint8Array(inflateSync(Buffer.concat(chunks)));
  const pixels = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = data[row * (stride + 1)]!;
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : pixels[row * stride + i - channels]!;
      const up = row === 0 ? 0 : pixels[(row - 1) * stride + i]!;
      const corner = row === 0 || i < channels ? 0 : pixels[(row - 1) * stride + i - channels]!;
      const nearest = [left, up, corner].reduce((best, value) =>
        Math.abs(left + up - corner - value) < Math.abs(left + up - corner - best) ? value : best,
      );
      const guess = [0, left, up, (left + up) >> 1, nearest][filter]!;
      pixels[row * stride + i] = data[row * (stride + 1) + 1 + i]! + guess;
    }
  }
  /** How many pixels are darker than a middle grey. */
  const darkPixels = () => {
    let count = 0;
    for (let i = 0; i < pixels.length; i += channels) if (pixels[i]! < 128) count++;
    return count;
  };
  return { width, height, darkPixels };
}

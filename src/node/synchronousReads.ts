/** The parts of tfjs's WebGPU backend that take a tensor from the device. */
export interface ReadableBackend {
  readonly device: {
    createBuffer(descriptor: { size: number; usage: number }): GpuBuffer;
  };
  readonly tensorMap: { get(dataId: object): TensorData };
  readonly commandEncoder: {
    copyBufferToBuffer(from: GpuBuffer, start: 0, to: GpuBuffer, at: 0, size: number): void;
  };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  readSync(dataId: object): unknown;
}

interface TensorData {
  readonly dtype: string;
  readonly resource?: GpuBuffer | null;
  /** A copy on the host, if there is one. */
  values?: unknown;
}

interface GpuBuffer {
  readonly size: number;
  readonly mapState: "unmapped" | "pending" | "mapped";
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
}

/** `GPUBufferUsage.MAP_READ`, `GPUBufferUsage.COPY_DST` and `GPUMapMode.READ`. */
const [MAP_READ, COPY_DST, READ] = [1, 8, 1];

const prepared = new WeakSet<object>();

/**
 * Makes `dataSync` work on tfjs's WebGPU backend in Node. tfjs reads synchronously by means of a canvas, which Node has
 * not. Dawn, for its part, looks for results only in callbacks that it hands to `setImmediate`, and so never while
 * JavaScript waits. Here these callbacks are kept, and called until the result is there.
 */
export function enableSynchronousReads(
  backend: ReadableBackend,
  /** Numbers of a tensor from its bytes on the device. */
  convert: (bytes: ArrayBuffer, dtype: string) => unknown,
): void {
  if ("OffscreenCanvas" in globalThis || prepared.has(backend)) return;
  prepared.add(backend);

  // Of Dawn's callbacks there is one at a time, and asynchronous reads may be under way: theirs must be known too.
  const buffers = (globalThis as unknown as { GPUBuffer: { prototype: GpuBuffer } }).GPUBuffer;
  if (!prepared.has(buffers)) {
    prepared.add(buffers);
    const { mapAsync } = buffers.prototype;
    buffers.prototype.mapAsync = function (...args) {
      return keepTicks(() => mapAsync.apply(this, args));
    };
  }

  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    // A complex tensor consists of two others, which tfjs then reads.
    if (data.values || !data.resource || data.dtype === "complex64") return readSync(dataId);
    data.values = convert(download(backend, data.resource), data.dtype);
    return data.values;
  };
}

function download(backend: ReadableBackend, from: GpuBuffer): ArrayBuffer {
  const { size } = from;
  const copy = backend.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(from, 0, copy, 0, size);
  backend.submitQueue();
  try {
    // A failure shows in the state below.
    copy.mapAsync(READ).catch(() => {});
    while (copy.mapState === "pending" && ticks.size > 0) for (const tick of [...ticks]) tick();
    if (copy.mapState === "mapped") return copy.getMappedRange().slice(0);
  } finally {
    copy.destroy();
  }
  throw new Error(
    "dataSync: the GPU must not have other work under way or be lost. Read with: await tensor.data()",
  );
}

/** Dawn's callbacks that `setImmediate` has yet to call. */
const ticks = new Set<() => void>();

/** Calls into Dawn, and keeps what that hands to `setImmediate`; so does each callback when it is called. */
function keepTicks<T>(call: () => T): T {
  const { setImmediate } = globalThis;
  globalThis.setImmediate = ((callback: () => void) => {
    const tick = () => {
      if (ticks.delete(tick)) keepTicks(callback);
    };
    ticks.add(tick);
    return setImmediate(tick);
  }) as typeof setImmediate;
  try {
    return call();
  } finally {
    globalThis.setImmediate = setImmediate;
  }
}

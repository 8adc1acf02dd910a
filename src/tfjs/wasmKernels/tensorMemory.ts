import type { TensorInfo } from "@tensorflow/tfjs-core";
import { MAX_PAGES, type Processor, sharedModule } from "../../kernels/index.js";
import {
  compileTrainingKernels,
  type Engine,
  engineOn,
  type TensorHeap,
  trainingProcessor,
} from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";

/** Address of a tensor's first number where the kernels see it. */
export type AddressOf = (tensor: TensorInfo) => number;

/** The training kernels of one backend, and how they get at its tensors. */
export interface TensorMemory {
  readonly engine: Engine;
  /** `"direct"`: the kernels work on tfjs's own heap. `"copied"`: tensors are copied to a memory of theirs and back. */
  readonly access: "direct" | "copied";
  /**
   * Runs `body` with the addresses of the tensors. Make the tensors that are `written` before; what of them is only
   * partly written must be among the ones that are `read` too.
   */
  within(
    read: readonly TensorInfo[],
    written: readonly TensorInfo[],
    body: (address: AddressOf) => void,
  ): void;
}

/** The parts of tfjs's backend that lead to its heap; those of version 4.22, looked for and not relied upon. */
interface Insides {
  readonly wasm?: {
    readonly asm?: { readonly memory?: unknown };
    _malloc?(bytes: number): number;
    _free?(address: number): void;
  };
  readonly dataIdMap?: { get(dataId: object): { readonly memoryOffset?: number } | undefined };
}

const memories = new WeakMap<WasmBackend, TensorMemory>();

/** The kernels of a backend, on the calling thread unless {@link useProcessor} has given them others. */
export function tensorMemory(backend: WasmBackend): TensorMemory {
  let known = memories.get(backend);
  if (!known) {
    known = directMemory(backend) ?? copiedMemory(backend);
    memories.set(backend, known);
  }
  return known;
}

/** tfjs's heap, if this is a tfjs whose heap can be found. */
export function heapOf(backend: WasmBackend): TensorHeap | undefined {
  const { wasm, dataIdMap } = backend as unknown as Insides;
  const memory = wasm?.asm?.memory;
  const known =
    memory instanceof WebAssembly.Memory &&
    typeof wasm?._malloc === "function" &&
    typeof wasm._free === "function" &&
    typeof dataIdMap?.get === "function";
  if (!known) return undefined;
  return {
    memory,
    allocate(bytes) {
      const address = wasm._malloc!(bytes) >>> 0;
      if (address === 0) throw outOfMemory(bytes);
      return address;
    },
    free: (address) => wasm._free!(address),
  };
}

/** Lets other threads run the kernels of a backend; the processor must work on the backend's own heap. */
export function useProcessor(backend: WasmBackend, processor: Processor): TensorMemory {
  const heap = heapOf(backend)!;
  memories.get(backend)?.engine.release();
  const memory = direct(backend, engineOn(heap, processor));
  memories.set(backend, memory);
  return memory;
}

function directMemory(backend: WasmBackend): TensorMemory | undefined {
  const heap = heapOf(backend);
  const compiled = compileTrainingKernels();
  if (!heap || !compiled) return undefined;
  const unshared = heap.memory.buffer instanceof ArrayBuffer;
  const module = unshared ? compiled.module : sharedModule(compiled);
  return direct(backend, engineOn(heap, trainingProcessor(module, heap.memory)));
}

function direct(backend: WasmBackend, engine: Engine): TensorMemory {
  const { dataIdMap } = backend as unknown as Required<Insides>;
  const address: AddressOf = ({ dataId }) => dataIdMap.get(dataId)!.memoryOffset!;
  return { engine, access: "direct", within: (_read, _written, body) => body(address) };
}

/** Where tfjs's heap cannot be found: a memory of our own, into which tensors are copied for each call. */
function copiedMemory(backend: WasmBackend): TensorMemory {
  const compiled = compileTrainingKernels();
  if (!compiled) {
    throw new Error(
      "registerTrainingKernels: the runtime must have WebAssembly SIMD, got none. Use the cpu backend, or a newer runtime",
    );
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  const heap = new FreeList(memory);
  const engine = engineOn(heap, trainingProcessor(compiled.module, memory));
  return {
    engine,
    access: "copied",
    within(read, written, body) {
      const places = new Map<object, number>();
      const values = (tensor: TensorInfo) => backend.typedArrayFromHeap(tensor) as Float32Array;
      const view = (tensor: TensorInfo) =>
        engine.floats(places.get(tensor.dataId)!, values(tensor).length);
      try {
        for (const tensor of new Set([...read, ...written])) {
          if (places.has(tensor.dataId)) continue;
          places.set(tensor.dataId, heap.allocate(4 * values(tensor).length));
          if (read.includes(tensor)) view(tensor).set(values(tensor));
        }
        body(({ dataId }) => places.get(dataId)!);
        for (const tensor of written) values(tensor).set(view(tensor));
      } finally {
        for (const address of places.values()) heap.free(address);
      }
    },
  };
}

const outOfMemory = (bytes: number): RangeError =>
  new RangeError(
    `training kernels: tensors and scratch space must fit into the 4 GiB of a WebAssembly memory, got no room for ${bytes} ` +
      "bytes more. Train with smaller batches (microBatch), or dispose of tensors",
  );

/** Gives out space of a memory, first fit. */
class FreeList implements TensorHeap {
  readonly memory: WebAssembly.Memory;
  readonly #taken = new Map<number, number>();

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  allocate(bytes: number): number {
    const size = Math.max(64, Math.ceil(bytes / 64) * 64);
    let address = 64;
    for (const [from, length] of [...this.#taken].sort(([a], [b]) => a - b)) {
      if (from - address >= size) break;
      address = from + length;
    }
    const missing = Math.ceil((address + size - this.memory.buffer.byteLength) / 65_536);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch {
        throw outOfMemory(bytes);
      }
    }
    this.#taken.set(address, size);
    return address;
  }

  free(address: number): void {
    this.#taken.delete(address);
  }
}

/** The parts of tfjs's WebGPU backend through which its commands and results pass. */
export interface CheckedBackend {
  readonly device: {
    addEventListener(type: "uncapturederror", listener: (event: GpuErrorEvent) => void): void;
  };
  runWebGPUProgram(...args: readonly unknown[]): unknown;
  readSync(dataId: object): unknown;
  read(dataId: object): Promise<unknown>;
}

interface GpuErrorEvent {
  readonly error: { readonly message: string };
  preventDefault(): void;
}

const prepared = new WeakSet<object>();

/**
 * Makes a command that the GPU refuses an error of the operation, or else of the next read. WebGPU itself goes on with a
 * result of zeros, and prints a message at most.
 */
export function throwGpuErrors(backend: CheckedBackend): void {
  if (prepared.has(backend)) return;
  prepared.add(backend);
  let message: string | undefined;
  backend.device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    message ??= event.error.message;
  });
  // What was computed from a refused command stays wrong, so the error stays as well.
  const check = () => {
    if (message !== undefined) {
      throw new Error(`webgpu: the GPU must accept all commands, got an error: ${message}`);
    }
  };
  const runWebGPUProgram = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (...args) => {
    const result = runWebGPUProgram(...args);
    check();
    return result;
  };
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const result = readSync(dataId);
    check();
    return result;
  };
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const result = await read(dataId);
    check();
    return result;
  };
}

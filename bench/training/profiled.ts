import * as tf from "@tensorflow/tfjs";

/** What one kernel took, without the kernels that it called. */
interface KernelTime {
  readonly kernel: string;
  readonly calls: number;
  readonly seconds: number;
}

export interface Profile {
  readonly seconds: number;
  /** Slowest first. */
  readonly kernels: readonly KernelTime[];
}

/** Computes once with a clock, in milliseconds, around every kernel of the backend. */
export async function profiled(
  backendName: string,
  compute: () => Promise<void>,
  now: () => number = () => performance.now(),
): Promise<Profile> {
  const times = new Map<string, { calls: number; seconds: number }>();
  // Of the kernels that are under way, the seconds spent in kernels that they called.
  const inner: number[] = [];
  const registered = tf.getKernelsForBackend(backendName);
  for (const config of registered) {
    const time = { calls: 0, seconds: 0 };
    times.set(config.kernelName, time);
    replace({
      ...config,
      kernelFunc: (call) => {
        const start = now();
        inner.push(0);
        try {
          return config.kernelFunc(call);
        } finally {
          const seconds = (now() - start) / 1000;
          time.calls++;
          time.seconds += seconds - inner.pop()!;
          if (inner.length > 0) inner[inner.length - 1]! += seconds;
        }
      },
    });
  }
  try {
    const start = now();
    await compute();
    const seconds = (now() - start) / 1000;
    const kernels = Array.from(times, ([kernel, time]) => ({ kernel, ...time }))
      .filter(({ calls }) => calls > 0)
      .sort((a, b) => b.seconds - a.seconds);
    return { seconds, kernels };
  } finally {
    registered.forEach(replace);
  }
}

function replace(config: tf.KernelConfig): void {
  tf.unregisterKernel(config.kernelName, config.backendName);
  tf.registerKernel(config);
}

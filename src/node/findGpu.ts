/** What a WebGPU implementation says of the device behind it. */
interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** WebGPU as a browser has it at `navigator.gpu`. */
interface WebGpu {
  requestAdapter(options: {
    powerPreference: "high-performance";
  }): Promise<{ readonly info: AdapterInfo } | null>;
}

/** The npm package `webgpu`: Dawn, the WebGPU implementation of Chromium. */
export interface Dawn {
  create(options: readonly string[]): WebGpu;
  /** Classes and constants that a browser has as globals, such as `GPUBuffer`. */
  readonly globals: object;
}

/** A GPU, or a program that acts as one. */
export interface Gpu {
  /** Vendor, architecture, device and driver, as far as they are known. */
  readonly name: string;
  /** Whether it is a program that computes on the CPU. */
  readonly software: boolean;
  /** Puts WebGPU where browsers have it, and where tfjs looks for it. */
  publish(): void;
}

/** The package that computes is there, but nothing that it could compute on. */
export class NoGpu extends Error {}

/** The adapter that tfjs would get from the WebGPU of this process, or else from Dawn. No global is set yet. */
export async function findGpu(loadDawn: () => Promise<Dawn>): Promise<Gpu> {
  const present = (globalThis.navigator as { gpu?: WebGpu } | undefined)?.gpu;
  const dawn = present ? undefined : await loadDawn();
  if (dawn) checkVulkan();
  // Of a second Dawn in one process nothing is known, so the first is used again.
  const gpu = present ?? dawn!.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new NoGpu("no adapter");
  const { vendor, architecture, device, description, isFallbackAdapter = false } = adapter.info;
  return {
    name: [vendor, architecture, device, description].filter(Boolean).join(", ") || "unnamed",
    software: isFallbackAdapter,
    publish() {
      if (!dawn) return;
      Object.assign(globalThis, dawn.globals);
      // Node has a navigator from version 21 on; programs that find one expect the name of a browser in it.
      globalThis.navigator ??= {
        userAgent: `Node.js/${process.versions.node.split(".")[0]}`,
      } as Navigator;
      Object.assign(globalThis.navigator, { gpu });
    },
  };
}

/** On Linux Dawn computes through Vulkan only; where that is missing it would write a warning of its own. */
function checkVulkan(): void {
  if (process.platform !== "linux") return;
  const library = "libvulkan.so.1";
  try {
    // Fails always: on a library that was found, because it is no addon of Node.
    process.dlopen({ exports: {} }, library);
  } catch (error) {
    if (!/self-register/.test(String(error))) throw new NoGpu(`${library} could not be loaded`);
  }
}

import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { delimiter, join } from "node:path";

/** Processors that this process may use, in the order in which sides are given them. */
export function allowedProcessors(): number[] {
  const allowed = procStatus("Cpus_allowed_list");
  if (allowed === undefined) return Array.from({ length: availableParallelism() }, (_, i) => i);
  const processors = allowed.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
  // The first one serves most interrupts.
  return processors.reverse();
}

/** Whether processes can be kept on chosen processors. */
export const canPin =
  process.platform === "linux" &&
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "taskset")));

export const processorModel = (): string => cpus()[0]?.model.trim() ?? "unknown";

/** Largest resident memory of this process so far, in megabytes of 2²⁰ bytes. */
export function peakMegabytes(): number {
  // What getrusage says can include the parent, from before this program was loaded.
  const peak = procStatus("VmHWM");
  const kilobytes = peak === undefined ? process.resourceUsage().maxRSS : Number.parseInt(peak, 10);
  return kilobytes / 1024;
}

function procStatus(field: string): string | undefined {
  try {
    const line = new RegExp(`^${field}:\\s*(.*)$`, "m").exec(
      readFileSync("/proc/self/status", "utf8"),
    );
    return line?.[1];
  } catch {
    return undefined;
  }
}

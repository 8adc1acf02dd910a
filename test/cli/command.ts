import { type Host, run } from "../../src/cli/run.js";
import { Random } from "../../src/internal/random.js";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** Columns of a terminal; without them the output goes to a file. */
  readonly columns?: number;
  readonly colorDepth?: number;
  /** Seconds that pass between any two looks at the clock. */
  readonly seconds?: number;
}

/** Runs the command inside of this process, as `src/cli/main.ts` does in its own. */
export async function closerlook(
  args: readonly string[],
  { columns, colorDepth = 1, seconds = 0 }: Terminal = {},
): Promise<Ended> {
  const stream = () => {
    const written: string[] = [];
    const terminal = columns === undefined ? {} : { isTTY: true, columns };
    const write = (text: string) => written.push(text);
    return { ...terminal, getColorDepth: () => colorDepth, write, written };
  };
  const [stdout, stderr] = [stream(), stream()];
  let now = 0;
  const host: Host = {
    args,
    stdout,
    stderr,
    version: async () => "1.2.3",
    elapsed: () => {
      now += seconds;
      return now;
    },
  };
  const code = await run(host);
  return { code, stdout: stdout.written.join(""), stderr: stderr.written.join("") };
}

/** Normal numbers, with a share of another array's. */
export function activations(
  seed: number,
  shape: readonly number[],
  base?: { readonly data: Float32Array },
  share = 1.5,
) {
  const random = new Random(seed);
  const size = shape.reduce((product, factor) => product * factor, 1);
  const data = Float32Array.from(
    { length: size },
    (_, i) => random.normal() + (base ? share * base.data[i]! : 0),
  );
  return { data, shape };
}

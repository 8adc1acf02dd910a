import { createInterface } from "node:readline";
import { peakMegabytes } from "./machine.js";
import type { Environment, Task } from "./side.js";

/** What a side in Node has ready once its data are loaded. */
export interface Ready {
  readonly environment: Environment;
  /** Computes what a request asks for. */
  perform(request: string): unknown;
  /** Lets go of whatever would keep the process alive. */
  close?(): void;
}

/** The other end of a {@link Side} in Node: answers until the bench closes the pipe. */
export async function serve(prepare: (task: Task) => Promise<Ready>): Promise<void> {
  try {
    const requests = createInterface(process.stdin)[Symbol.asyncIterator]();
    const baseline_megabytes = peakMegabytes();
    const { environment, perform, close } = await prepare(
      JSON.parse((await requests.next()).value),
    );
    send({ environment: { node: process.version, ...environment, baseline_megabytes } });
    for await (const request of { [Symbol.asyncIterator]: () => requests }) {
      send(await perform(request));
    }
    close?.();
  } catch (error) {
    send({ error: (error as Error).message });
  }
  // Nothing is left to be asked, and the process may end.
  process.stdin.destroy();
}

const send = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);

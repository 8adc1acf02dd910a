import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExperimentContext } from "../common/experiment.js";
import { JobStore } from "../common/jobs.js";

/** Results of a study's jobs, which are kept in the folder; without one, for as long as the process runs. */
export async function studyResults(folder?: string): Promise<Pick<ExperimentContext, "result">> {
  const store = new JobStore(folder ?? (await temporaryFolder()));
  const { signal } = new AbortController();
  return { result: (job) => store.run(job, { signal, progress: () => {} }) };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "closerlook-study-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Run in a process of its own: streams the files that it is given, then prints by how many MiB its memory grew at most. */
import { openArrays } from "../../src/node/openArrays.js";

const peakMegabytes = () => process.resourceUsage().maxRSS / 1024;

const grown: number[] = [];
const before = peakMegabytes();
for (const path of process.argv.slice(2)) {
  const file = await openArrays(path);
  for (const { batches } of Object.values(file.arrays)) {
    let values = 0;
    for await (const { data } of batches()) values += data.length;
    if (values === 0) throw new Error(`${path} has no values`);
  }
  await file.close();
  grown.push(peakMegabytes() - before);
}
console.log(JSON.stringify(grown));

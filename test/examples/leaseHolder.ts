import { takeLease } from "../../examples/common/lease.js";

// Takes a lease, says so, and is too busy for anything else until it is killed or the time is over.
const [path = "", beat, milliseconds] = process.argv.slice(2);
const lease = await takeLease(path, {
  signal: new AbortController().signal,
  beat: Number(beat),
});
process.stdout.write("taken\n");
setTimeout(async () => {
  const until = performance.now() + Number(milliseconds);
  while (performance.now() < until);
  await lease.release();
  process.stdout.write("released\n");
}, 50);

// The thread that shows that the holder of a lease is alive, and tells it when it has lost it.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const { file, next, self, beat } = workerData;

const timer = setInterval(() => {
  try {
    if (existsSync(next) || JSON.parse(readFileSync(file, "utf8")).id !== self.id) return lose();
    // Of the same length each time, and never made anew.
    const handle = openSync(file, "r+");
    writeSync(handle, JSON.stringify({ ...self, seen: new Date().toISOString() }), 0);
    closeSync(handle);
  } catch (error) {
    // A full disk, say, may have room again at the next beat.
    if (error.code === "ENOENT") lose();
  }
}, beat);

function lose() {
  clearInterval(timer);
  parentPort.postMessage("lost");
}

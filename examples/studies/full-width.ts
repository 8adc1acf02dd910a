/**
 * Shows that preset `paper` starts: one update of each network at its full width, and one of a curve between two of them,
 * with the memory that it takes. Ends with an error where one does not run.
 *
 *     node --import tsx examples/studies/full-width.ts                   a minute
 *     node --import tsx examples/studies/full-width.ts --large-batch     also VGG-11 with 5,000 images, in parts of 500: minutes
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PolyChainCurve } from "closerlook/curves";
import { useBackend } from "closerlook/node";
import { sgd, train, trainCurve, weightsOf } from "closerlook/tfjs";
import { forwardFlops, type NetworkShape, resnetShape, vggShape } from "../common/networkShapes.js";
import { network } from "../common/networks.js";
import { uniforms } from "../common/random.js";
import { table } from "../common/terminal.js";

interface Step {
  readonly network: NetworkShape;
  readonly batch: number;
  readonly microBatch?: number;
  /** Whether it is a curve between two networks that is trained. */
  readonly curve?: true;
}

const vgg16 = vggShape(16, { dropout: 0.5 });
const vgg16Norm = vggShape(16, { dropout: 0.5, batchNormalization: true });

const steps: Readonly<Record<string, Step>> = {
  "VGG-16": { network: vgg16, batch: 100 },
  "VGG-16, curve": { network: vgg16, batch: 100, curve: true },
  "VGG-16-BN": { network: vgg16Norm, batch: 100 },
  "VGG-16-BN, curve": { network: vgg16Norm, batch: 100, curve: true },
  "VGG-11": { network: vggShape(11), batch: 100 },
  "ResNet-18": { network: resnetShape(18), batch: 100 },
  "ResNet-32": { network: resnetShape(32), batch: 100 },
};

const largeBatch: Readonly<Record<string, Step>> = {
  "VGG-11, 5,000 in parts": { network: vggShape(11), batch: 5000, microBatch: 500 },
};

interface Measured {
  readonly weights: number;
  readonly seconds: number;
  readonly loss: number;
  readonly peakMegabytes: number;
}

/** Two updates; the second one is measured, when nothing has to be set up any more. */
async function measure({ network: shape, batch, microBatch, curve }: Step): Promise<Measured> {
  await useBackend("wasm");
  const random = uniforms(0);
  const x = {
    data: Float32Array.from({ length: batch * 3072 }, random),
    shape: [batch, 32, 32, 3],
  };
  const data = { x, y: Uint8Array.from({ length: batch }, (_, i) => i % 10) };
  const model = network(shape, 0);
  const optimizer = sgd({ momentum: 0.9, weightDecay: curve ? 0 : 5e-4 });
  const times: number[] = [];
  let loss = Number.NaN;
  const options = {
    // Small enough for a network that has not been trained.
    schedule: 1e-4,
    epochs: 2,
    batchSize: batch,
    optimizer,
    ...(microBatch !== undefined && { microBatch }),
    onProgress(progress: { readonly loss: number }) {
      times.push(performance.now());
      loss = progress.loss;
    },
  };
  if (curve) {
    const start = weightsOf(model).read({ trainable: true });
    const other = network(shape, 1);
    const end = weightsOf(other).read({ trainable: true });
    other.dispose();
    const between = new PolyChainCurve({ start, end });
    await trainCurve(model, between, data, { ...options, weightDecay: 5e-4 });
  } else {
    await train(model, data, options);
  }
  return {
    weights: weightsOf(model).length,
    seconds: (times[1]! - times[0]!) / 1000,
    loss,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

const { values } = parseArgs({
  options: { "large-batch": { type: "boolean", default: false }, one: { type: "string" } },
});

if (values.one !== undefined) {
  const measured = await measure({ ...steps, ...largeBatch }[values.one]!);
  if (!Number.isFinite(measured.loss)) throw new Error(`the loss is ${measured.loss}`);
  process.stdout.write(JSON.stringify(measured));
  process.exit();
}

const rows: string[][] = [];
for (const [name, step] of Object.entries({
  ...steps,
  ...(values["large-batch"] && largeBatch),
})) {
  // A process of its own for each: the largest memory so far never falls.
  const program = [...process.execArgv, fileURLToPath(import.meta.url), "--one", name];
  const measured: Measured = JSON.parse(
    execFileSync(process.execPath, program, { encoding: "utf8" }),
  );
  const gflop = (3 * forwardFlops(step.network) * step.batch) / 1e9;
  rows.push([
    name,
    `${(measured.weights / 1e6).toFixed(2)} M`,
    String(step.batch),
    measured.loss.toFixed(3),
    measured.seconds.toFixed(2),
    (gflop / measured.seconds).toFixed(0),
    measured.peakMegabytes.toFixed(0),
  ]);
}
const headings = ["one update of", "numbers", "images", "loss", "seconds", "GFLOP/s", "peak MB"];
process.stdout.write(`${table(headings, rows, [23, 8, 6, 7, 7, 7, 7])}\n`);

import { openArrays } from "closerlook/node";
import { layerStatistics, type MatrixLike } from "closerlook/similarity";
import type { Answer } from "./compare.js";

/** A batch of 512 float32 neurons is then 8 MiB. */
const ROWS = 4096;

/** SVCCA of the only arrays of two files, in one pass over batches of examples. */
export async function streamedSvcca(pathX: string, pathY: string): Promise<Answer> {
  const files = await Promise.all([openArrays(pathX), openArrays(pathY)]);
  const [batchesX, batchesY] = files.map((file) =>
    Object.values(file.arrays)[0]!.batches({ rows: ROWS }),
  );
  const statistics = layerStatistics({ x: ["x"], y: ["y"] });
  for await (const x of batchesX!) {
    const { value: y } = await batchesY!.next();
    statistics.add({ x: { x: x as MatrixLike }, y: { y: y as MatrixLike } });
  }
  await Promise.all(files.map((file) => file.close()));
  const { similarity, keptX, keptY } = statistics.compare("x", "y");
  return { values: [similarity], kept: [[keptX, keptY]] };
}

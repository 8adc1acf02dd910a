import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Cifar10Images,
  cifar10Hint,
  failFor,
  joinCifar10,
  parseCifar10,
} from "../formats/index.js";
import { asArrayFileError, checkPath } from "./fileSource.js";

/** The two parts of CIFAR-10. */
export interface Cifar10 {
  /** Training images, in the order of the batch files. */
  readonly train: Cifar10Images;
  readonly test: Cifar10Images;
}

const where = "readCifar10";

/**
 * Reads CIFAR-10 (Krizhevsky 2009) from a folder that holds its binary version. Nothing is ever downloaded.
 *
 * The folder holds `test_batch.bin` and `data_batch_1.bin` … `data_batch_5.bin`, of which at least one must be there: fewer
 * than five are a smaller training set. Each image is a record of 1 label byte and 3 · 32 · 32 colour bytes: all red values by
 * row, then green, then blue. What comes back is ordered as networks want it, `[images, 32, 32, 3]`, with values from 0
 * to 1; the 60,000 images of the full set take 740 MB.
 *
 * @param folder - Path of the folder, or a `file:` URL; usually it is named `cifar-10-batches-bin`.
 * @returns Training and test images; each can be given to `train` and `evaluate` of `closerlook/tfjs`.
 * @throws ArrayFileError if the folder or a needed file is missing, or a file is not made of such records; the message says
 * where the set is to be had. TypeError if `folder` is not a path.
 * @example
 * ```ts
 * import { writeFile, mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { readCifar10 } from "closerlook/node";
 *
 * // One red image of class 6 for training, one black image of class 2 for testing.
 * const folder = await mkdtemp(`${tmpdir()}/cifar-10-`);
 * await writeFile(`${folder}/data_batch_1.bin`, new Uint8Array(3073).fill(255, 1, 1025).fill(6, 0, 1));
 * await writeFile(`${folder}/test_batch.bin`, new Uint8Array(3073).fill(2, 0, 1));
 * const { train, test } = await readCifar10(folder);
 * train.x.shape; // [1, 32, 32, 3]
 * [...train.x.data.subarray(0, 3)]; // [1, 0, 0]
 * [train.y[0], test.y[0]]; // [6, 2]
 * ```
 * @see Krizhevsky 2009, "Learning multiple layers of features from tiny images"; https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function readCifar10(folder: string | URL): Promise<Cifar10> {
  const path = checkPath(where, folder);
  const fail = failFor(where, path);
  const names = await readdir(path).catch((error) => {
    throw asArrayFileError(error, "a folder that can be read", fail);
  });
  const batches = names.filter((name) => /^data_batch_[1-5]\.bin$/.test(name)).sort();
  if (batches.length === 0 || !names.includes("test_batch.bin")) {
    const must = "one with test_batch.bin and at least one of data_batch_1.bin … data_batch_5.bin";
    const shown = names.sort().slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");
    throw fail("folder", must, shown || "an empty folder", cifar10Hint);
  }
  const read = async (name: string) => {
    const file = join(path, name);
    const failFile = failFor(where, file);
    const bytes = await readFile(file).catch((error) => {
      throw asArrayFileError(error, "a file that can be read", failFile);
    });
    return parseCifar10(bytes, failFile);
  };
  const train: Cifar10Images[] = [];
  for (const name of batches) train.push(await read(name));
  return { train: joinCifar10(train), test: await read("test_batch.bin") };
}

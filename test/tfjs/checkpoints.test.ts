import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folderStore, readArrays } from "../../src/node/index.js";
import {
  type Augmentation,
  adam,
  type Frozen,
  type Optimizer,
  sgd,
  type TrainOptions,
  train,
  weightsOf,
} from "../../src/tfjs/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { MemoryStore } from "./memoryStore.js";
import { clusters, expectNoLeak, normModel, seedWeights } from "./models.js";

const folder = temporaryFolder();
const data = clusters(12);
const optimizers: Record<string, () => Optimizer> = {
  adam: () => adam({ weightDecay: 0.01, decoupledWeightDecay: true }),
  momentum: () => sgd({ momentum: 0.9, weightDecay: 0.01, nesterov: true }),
};

const noise: Augmentation = (example, result, _, random) => {
  for (let i = 0; i < result.length; i++) result[i] = example[i]! + 0.1 * random.normal();
};

/** All that could go wrong: batch norm, dropout, noise, uneven batches, a thaw in the middle of the second epoch. */
const options = {
  schedule: (update: number) => 0.1 / (1 + update),
  epochs: 3,
  batchSize: 5,
  seed: 11,
  augment: noise,
  frozen: { layers: ["head", "headNorm"], updates: 4 },
  validation: clusters(6, 8),
  evaluateEvery: 2,
  snapshots: [0, 2, 4, 7],
} satisfies TrainOptions;

/** A training from the start of `seed`: its result, and the weights and the optimizer's memory at its end. */
async function run(
  make: () => Optimizer,
  change: Partial<TrainOptions> = {},
  model = normModel({ rate: 0.5 }),
) {
  const optimizer = make();
  try {
    const result = await train(model, data, { ...options, optimizer, ...change });
    const memory = Object.values(optimizer.getState(weightsOf(model).variables));
    return { result, weights: weightsOf(model).read(), memory };
  } finally {
    optimizer.dispose();
  }
}

/** Weights that a resumed training must not begin with. */
const otherModel = () => seedWeights(normModel({ rate: 0.5 }), 99);

const aborted = (after: number): Partial<TrainOptions> => {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: ({ update }) => {
      if (update === after) controller.abort();
    },
  };
};

/** A store with the checkpoints of a training that was stopped. */
async function stopped(after: number, change: Partial<TrainOptions> = {}, keep = 2) {
  const store = new MemoryStore();
  const checkpoints = { store, everyUpdates: 1, keep };
  await run(optimizers.adam!, { checkpoints, ...change, ...aborted(after) });
  return { store, checkpoints, resume: { checkpoints, resume: true } };
}

describe("a training that is taken up again", () => {
  test.each(Object.entries(optimizers))(
    "ends with the same bits wherever it was stopped: %s",
    async (_, make) => {
      const undisturbed = await run(make);
      expect(undisturbed.result).toMatchObject({ stopped: "finished", updates: 9 });
      for (let after = 1; after <= 9; after++) {
        const checkpoints = { store: new MemoryStore(), everyUpdates: 100 };
        const first = await run(make, { checkpoints, ...aborted(after) });
        expect(first.result.updates).toBe(after);
        const updates: number[] = [];
        const resumed = await run(
          make,
          { checkpoints, resume: true, onProgress: ({ update }) => void updates.push(update) },
          otherModel(),
        );
        expect(resumed).toEqual(undisturbed);
        expect(updates).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].slice(after));
      }
    },
  );

  test("thaws its layers when it would have, wherever it was stopped", async () => {
    // Everything but the logits at first; the head joins in update 2, the body after an epoch (3 updates).
    const frozen = [
      { layers: /^head/, updates: 2 },
      { layers: /^body/, epochs: 1 },
    ];
    const snapshots = [0, 1, 2, 3, 4];
    const undisturbed = await run(optimizers.adam!, { frozen, snapshots });
    const { variables } = weightsOf(normModel());
    const moved = (layer: string, update: number) => {
      const [before, after] = [update, update + 1].map((k) => undisturbed.result.snapshots.get(k)!);
      return variables
        .filter((variable) => variable.layer === layer)
        .map(({ offset, size }) => [offset, offset + size] as const)
        .some(([from, to]) => before!.slice(from, to).join() !== after!.slice(from, to).join());
    };
    const starts = ["body", "bodyNorm", "head", "headNorm", "logits"].map((layer) =>
      [0, 1, 2, 3].findIndex((update) => moved(layer, update)),
    );
    expect(starts).toEqual([3, 3, 2, 2, 0]);
    for (const after of [1, 2, 3]) {
      const checkpoints = { store: new MemoryStore(), everyUpdates: 100 };
      await run(optimizers.adam!, { frozen, snapshots, checkpoints, ...aborted(after) });
      const again = { frozen, snapshots, checkpoints, resume: true };
      expect(await run(optimizers.adam!, again, otherModel())).toEqual(undisturbed);
    }
  });

  test("can be stopped after each update in turn", async () => {
    const checkpoints = { store: new MemoryStore(), everyEpochs: 1 };
    for (let after = 1; after < 9; after++) {
      const model = after === 1 ? normModel({ rate: 0.5 }) : otherModel();
      await run(optimizers.adam!, { checkpoints, resume: true, ...aborted(after) }, model);
    }
    const last = await run(optimizers.adam!, { checkpoints, resume: true }, otherModel());
    expect(last).toEqual(await run(optimizers.adam!));
  });

  test("checkpoints change nothing in a training that is not stopped", async () => {
    const checkpoints = { store: new MemoryStore(), everyUpdates: 2 };
    const with_ = await run(optimizers.adam!, { checkpoints });
    expect(with_).toEqual(await run(optimizers.adam!));
    // A training that has ended has nothing to do any more.
    expect(await run(optimizers.adam!, { checkpoints, resume: true }, otherModel())).toEqual(with_);
  });

  /** Runs with a store that dies in its first, second, … operation until one survives; returns the number of deaths. */
  async function killEverywhere(prepare: () => Promise<MemoryStore>): Promise<number> {
    const undisturbed = await run(optimizers.adam!);
    for (let life = 0; ; life++) {
      const store = await prepare();
      store.life = life;
      const again = { checkpoints: { store, everyUpdates: 3 }, resume: true };
      const ended = await run(optimizers.adam!, again).catch((error: Error) => error.message);
      if (ended !== "killed") {
        expect(ended).toEqual(undisturbed);
        return life;
      }
      store.life = Number.POSITIVE_INFINITY;
      // With nothing saved yet it begins with its own weights.
      const isSaved = Array.from(store.entries.keys()).some((name) => name.endsWith(".json"));
      const model = isSaved ? otherModel() : normModel({ rate: 0.5 });
      expect(await run(optimizers.adam!, again, model)).toEqual(undisturbed);
    }
  }

  test("survives a kill in every operation of the store", async () => {
    // Four snapshots, three times arrays and header, and an old checkpoint's two files.
    expect(await killEverywhere(async () => new MemoryStore())).toBe(4 + 3 * 2 + 2);
  });

  test("survives half-written files, which no store should leave, once there is a checkpoint", async () => {
    const begun = async () => {
      const store = new MemoryStore();
      await run(optimizers.adam!, { checkpoints: { store, everyUpdates: 3 }, ...aborted(3) });
      store.tears = true;
      return store;
    };
    expect(await killEverywhere(begun)).toBe(2 + 2 * 2 + 2);
  });

  test("passes over a checkpoint with any byte changed, and says so if there is no other", async () => {
    const undisturbed = await run(optimizers.adam!);
    const two = await stopped(5);
    const one = await stopped(5, {}, 1);
    const names = ["checkpoint-00000005.json", "checkpoint-00000005.safetensors"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (name, place, flip) => {
          for (const { store } of [one, two]) {
            const bytes = store.entries.get(name)!.slice();
            const at = Math.floor(place * bytes.length);
            // What JSON does not care about is no damage.
            fc.pre(at < bytes.length - 1);
            bytes[at]! ^= flip;
            const damaged = new MemoryStore();
            for (const entry of store.entries) damaged.entries.set(...entry);
            damaged.entries.set(name, bytes);
            const again = { checkpoints: { store: damaged, everyUpdates: 1 }, resume: true };
            const resumed = run(optimizers.adam!, again, otherModel());
            if (store === two.store) expect(await resumed).toEqual(undisturbed);
            else await expect(resumed).rejects.toThrow("must be one with a whole checkpoint");
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("notices a file that is missing", async () => {
    const { store, resume } = await stopped(5, {}, 1);
    store.entries.delete("checkpoint-00000005.safetensors");
    await expect(run(optimizers.adam!, resume)).rejects.toThrow(
      "checkpoint-00000005.json: checkpoint-00000005.safetensors is missing",
    );
  });

  test("goes on for more epochs, and at other learning rates from there on", async () => {
    const schedule = (update: number) => (update < 4 ? 0.1 / (1 + update) : 0.02);
    const longer = { epochs: 4, schedule };
    const { resume } = await stopped(4);
    expect(await run(optimizers.adam!, { ...longer, ...resume }, otherModel())).toEqual(
      await run(optimizers.adam!, longer),
    );
  });

  test("knows a model that is built again, although tf.layers gives its layers other names", async () => {
    const unnamed = () =>
      seedWeights(
        layers.sequential({
          layers: [
            layers.layers.dense({ units: 4, inputShape: [2] }),
            layers.layers.batchNormalization(),
            layers.layers.dense({ units: 3 }),
          ],
        }),
      );
    const names = (model: ReturnType<typeof unnamed>) => model.layers.map(({ name }) => name);
    const [one, two, three] = [unnamed(), unnamed(), unnamed()];
    expect(names(one)).not.toEqual(names(two));
    const checkpoints = { store: new MemoryStore() };
    const changes = { frozen: undefined, checkpoints, ...aborted(5) } as never;
    await run(optimizers.adam!, changes, one);
    const rest = { frozen: undefined } as never;
    const again = { frozen: undefined, checkpoints, resume: true } as never;
    expect(await run(optimizers.adam!, again, two)).toEqual(
      await run(optimizers.adam!, rest, three),
    );
  });

  /** A stopped training of one model, taken up again with another one that is frozen in another way, perhaps. */
  async function resumedWith(
    first: layers.Sequential,
    second: layers.Sequential,
    frozen: Partial<Record<"first" | "second", Frozen>> = {},
  ) {
    const checkpoints = { store: new MemoryStore() };
    const change = (period: Frozen | undefined) =>
      ({ frozen: period, checkpoints }) as Partial<TrainOptions>;
    await run(optimizers.adam!, { ...change(frozen.first), ...aborted(5) }, first);
    return run(optimizers.adam!, { ...change(frozen.second), resume: true }, second);
  }

  test("does not care how the weights were initialised, which it replaces", async () => {
    const { dense, simpleRNN, reshape } = layers.layers;
    const build = (seed: number) => {
      const kernelInitializer = layers.initializers.glorotNormal({ seed });
      const biasInitializer = layers.initializers.randomUniform({ minval: 0, maxval: 1, seed });
      const recurrentInitializer = layers.initializers.zeros();
      const initializers = { kernelInitializer, biasInitializer };
      return layers.sequential({
        layers: [
          dense({ units: 4, inputShape: [2], ...initializers }),
          reshape({ targetShape: [2, 2] }),
          simpleRNN({ units: 3, ...initializers, recurrentInitializer }),
        ],
      });
    };
    const resumed = await resumedWith(build(1), build(2));
    const undisturbed = { frozen: undefined } as never;
    expect(resumed).toEqual(await run(optimizers.adam!, undisturbed, build(1)));
    // The first weights do decide about the last ones.
    expect(resumed).not.toEqual(await run(optimizers.adam!, undisturbed, build(2)));
  });

  test("is refused with the place where a model differs, and no more", async () => {
    const build = (activation: "relu" | "tanh", units: number) =>
      layers.sequential({
        layers: [
          layers.layers.dense({ units, activation, inputShape: [2] }),
          layers.layers.dense({ units: 3 }),
        ],
      });
    const hint = "Go on with what the training began with, or begin another one in another store";
    await expect(resumedWith(build("relu", 4), build("tanh", 4))).rejects.toThrow(
      new RangeError(
        `train: layer 0.settings.activation must be "relu", as in the checkpoint, got "tanh". ${hint}`,
      ),
    );
    await expect(resumedWith(build("relu", 4), build("relu", 5))).rejects.toThrow(
      new RangeError(
        `train: layer 0.shapes must be [[2,4],[4]], as in the checkpoint, got [[2,5],[5]]. ${hint}`,
      ),
    );
  });

  test("is refused with the period of freezing that differs, by the names of its layers", async () => {
    const period = { layers: ["head", "headNorm"], updates: 4 };
    const other = { layers: "body", epochs: 2 };
    const refusal = async (first: Frozen, second: Frozen) => {
      const resumed = resumedWith(otherModel(), otherModel(), { first, second });
      return resumed.catch((error: Error) => error.message.replace(/\. Go on.*/, ""));
    };
    expect(await refusal([period, other], [period, { ...other, epochs: 1 }])).toBe(
      "train: frozen[1].updates must be 6, as in the checkpoint, got 3",
    );
    expect(await refusal([period, other], [period, { ...other, layers: ["body", "head"] }])).toBe(
      'train: frozen[1].layers must be ["body"], as in the checkpoint, got ["body","head"]',
    );
    expect(await refusal([period], [period, other])).toBe(
      'train: frozen[1] must be none, as in the checkpoint, got {"layers":["body"],"updates":6}',
    );
  });

  test("keeps a validation loss that is infinite", async () => {
    const validation = { x: { data: Float32Array.of(3e38, 3e38), shape: [1, 2] }, y: [0] };
    const undisturbed = await run(optimizers.adam!, { validation });
    expect(undisturbed.result.history[1]!.validationLoss).toBe(Number.POSITIVE_INFINITY);
    const { resume } = await stopped(7, { validation });
    expect(await run(optimizers.adam!, { validation, ...resume }, otherModel())).toEqual(
      undisturbed,
    );
  });

  test("takes a new snapshot at the checkpoint itself or at an older one, not before", async () => {
    const { resume } = await stopped(5, { snapshots: [] }, 2);
    const snapshots = [5, 8];
    const undisturbed = await run(optimizers.adam!, { snapshots });
    expect(await run(optimizers.adam!, { snapshots, ...resume }, otherModel())).toEqual(
      undisturbed,
    );
    // Its own checkpoints know it as well.
    expect(await run(optimizers.adam!, { snapshots, ...resume }, otherModel())).toEqual(
      undisturbed,
    );
    const older = await stopped(5, { snapshots: [] }, 2);
    expect(await run(optimizers.adam!, { snapshots: [4], ...older.resume }, otherModel())).toEqual(
      await run(optimizers.adam!, { snapshots: [4] }),
    );
    const late = await stopped(5, { snapshots: [] }, 2);
    await expect(run(optimizers.adam!, { snapshots: [3], ...late.resume })).rejects.toThrow(
      "the wanted snapshot after 3 updates was not taken",
    );
  });

  test("begins at the beginning where there is no checkpoint", async () => {
    const checkpoints = { store: new MemoryStore() };
    expect(await run(optimizers.adam!, { checkpoints, resume: true })).toEqual(
      await run(optimizers.adam!),
    );
  });

  test("diverges in the same update", async () => {
    const diverging = {
      schedule: (update: number) => (update === 6 ? 1e38 : 0.01),
      frozen: { layers: "body", updates: 2 },
    };
    const undisturbed = await run(optimizers.momentum!, diverging);
    expect(undisturbed.result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 6 });
    const checkpoints = { store: new MemoryStore(), everyUpdates: 4 };
    await run(optimizers.momentum!, { ...diverging, checkpoints, ...aborted(5) });
    for (let i = 0; i < 2; i++) {
      const again = { ...diverging, checkpoints, resume: true };
      expect(await run(optimizers.momentum!, again, otherModel())).toEqual(undisturbed);
    }
  });

  test("leaves no tensor behind, resumed, failed, or refused", async () => {
    const { resume, checkpoints } = await stopped(5);
    const model = otherModel();
    await expectNoLeak(async () => {
      await run(optimizers.adam!, { ...resume, ...aborted(7) }, model);
      await expect(run(optimizers.adam!, { checkpoints }, model)).rejects.toThrow(RangeError);
      await expect(run(optimizers.adam!, { ...resume, seed: 1 }, model)).rejects.toThrow(
        RangeError,
      );
      checkpoints.store.life = 1;
      await expect(run(optimizers.adam!, resume, model)).rejects.toThrow("killed");
    });
  });
});

describe("checkpoints", () => {
  const names = (store: MemoryStore) => Array.from(store.entries.keys()).toSorted();

  test("stay as many as wanted; snapshots stay all", async () => {
    const store = new MemoryStore();
    const seen: string[][] = [];
    await run(optimizers.adam!, {
      checkpoints: { store, everyUpdates: 2, keep: 2 },
      onProgress: () => void seen.push(names(store).filter((name) => name.endsWith(".json"))),
    });
    const header = (updates: number) => `checkpoint-0000000${updates}.json`;
    // The last update is always saved.
    expect(seen).toEqual([
      [],
      [header(2)],
      [header(2)],
      [header(2), header(4)],
      [header(2), header(4)],
      [header(4), header(6)],
      [header(4), header(6)],
      [header(6), header(8)],
      [header(8), header(9)],
    ]);
    expect(names(store)).toEqual([
      "checkpoint-00000008.json",
      "checkpoint-00000008.safetensors",
      "checkpoint-00000009.json",
      "checkpoint-00000009.safetensors",
      ...[0, 2, 4, 7].map((update) => `snapshot-0000000${update}.safetensors`),
    ]);
  });

  test("come once in an epoch by default", async () => {
    const store = new MemoryStore();
    await run(optimizers.adam!, { checkpoints: { store, keep: 9 } });
    expect(names(store).filter((name) => name.endsWith(".json"))).toEqual([
      "checkpoint-00000003.json",
      "checkpoint-00000006.json",
      "checkpoint-00000009.json",
    ]);
  });

  test("are files of named arrays that other programs read", async () => {
    const store = folderStore(folder("run"));
    const model = normModel({ rate: 0.5 });
    const { memory, result } = await run(optimizers.adam!, { checkpoints: { store } }, model);
    const arrays = await readArrays(folder("run/checkpoint-00000009.safetensors"));
    const { variables } = weightsOf(model);
    for (const { name, shape, variable } of variables) {
      const saved = arrays[`weights/${name}`]!;
      expect([saved.dtype, saved.shape]).toEqual(["float32", shape]);
      expect(saved.data).toEqual(Float32Array.from(variable.dataSync()));
    }
    expect(arrays["optimizer/secondMoment/body/kernel"]!.data).toEqual(
      memory[0]!.arrays.secondMoment,
    );
    expect(Array.from(arrays.losses!.data, Number)).toEqual(result.losses);
    // Weights, both moments of those that are trained, losses and rates.
    const trained = variables.filter(({ trainable }) => trainable).length;
    expect(Object.keys(arrays)).toHaveLength(variables.length + 2 * trained + 2);
    const snapshot = await readArrays(folder("run/snapshot-00000007.safetensors"));
    expect(Object.keys(snapshot)).toHaveLength(variables.length);
    expect(
      await run(optimizers.adam!, { checkpoints: { store }, resume: true }, otherModel()),
    ).toEqual(await run(optimizers.adam!));
  });

  test("leave other entries of the store alone", async () => {
    const store = new MemoryStore();
    const other = ["notes.txt", "checkpoint-1.json", "checkpoint-00000001.json.bak"];
    for (const name of other) store.entries.set(name, Uint8Array.of(1));
    await run(optimizers.adam!, { checkpoints: { store, everyUpdates: 1, keep: 1 } });
    expect(names(store)).toEqual(expect.arrayContaining(other));
  });

  const { x, y } = data;
  const otherData = { x: { ...x, data: x.data.with(3, 0.5) }, y };
  const wider = () =>
    layers.sequential({
      layers: [
        layers.layers.dense({ units: 9, inputShape: [2], name: "head" }),
        layers.layers.dense({ units: 3 }),
      ],
    });
  const changes: [string, () => Promise<unknown>, RegExp][] = [];
  const refuse = (
    what: string,
    change: (resume: object) => Promise<unknown>,
    message: RegExp,
  ): void => {
    changes.push([what, async () => change((await stopped(5, {}, 1)).resume), message]);
  };
  const same = { ...options };
  const withAdam = (change: object, model = otherModel()) =>
    run(optimizers.adam!, change as Partial<TrainOptions>, model);
  refuse(
    "seed",
    (r) => withAdam({ ...r, seed: 12 }),
    /train: seed must be 11, as in the checkpoint, got 12/,
  );
  refuse("batch size", (r) => withAdam({ ...r, batchSize: 4 }), /train: batchSize must be 5,/);
  refuse(
    "parts",
    (r) => withAdam({ ...r, microBatch: 2 }),
    /train: microBatch must be null,.* got 2/,
  );
  refuse(
    "evaluations",
    (r) => withAdam({ ...r, evaluateEvery: 1 }),
    /train: evaluateEvery must be 2/,
  );
  refuse(
    "optimizer",
    (r) => run(optimizers.momentum!, r as never),
    /train: optimizer.name must be "adam", as in the checkpoint, got "sgd"/,
  );
  refuse(
    "optimizer's settings",
    (r) => run(() => adam(), r as never),
    /train: optimizer.weightDecay must be 0.01, as in the checkpoint, got 0\./,
  );
  refuse(
    "augmentation",
    (r) => withAdam({ ...r, augment: undefined }),
    /train: augment must be "a function".*got null/,
  );
  refuse(
    "loss",
    (r) => withAdam({ ...r, lossFunction: (z: tf.Tensor) => tf.mean(z) }),
    /train: lossFunction must be "cross-entropy"/,
  );
  refuse(
    "time of the thaw",
    (r) => withAdam({ ...r, frozen: { ...same.frozen, updates: 5 } }),
    /train: frozen.updates must be 4, as in the checkpoint, got 5\./,
  );
  refuse(
    "frozen layers",
    (r) => withAdam({ ...r, frozen: { layers: "body", updates: 4 } }),
    /train: frozen.layers must be \["head","headNorm"\], as in the checkpoint, got \["body"\]/,
  );
  refuse(
    "further period of freezing",
    (r) => withAdam({ ...r, frozen: [same.frozen, { layers: "body", epochs: 2 }] }),
    /train: frozen must be {"layers":\["head","headNorm"\],"updates":4}, .* got \[.*{"layers":\["body"\],"updates":6}\]/,
  );
  refuse(
    "freezing without an end",
    (r) => withAdam({ ...r, frozen: { layers: ["head", "headNorm"] } }),
    /train: frozen.updates must be 4, as in the checkpoint, got "all"/,
  );
  refuse(
    "inputs",
    (r) =>
      train(otherModel(), otherData, {
        ...same,
        ...r,
        optimizer: adam({ weightDecay: 0.01, decoupledWeightDecay: true }),
      }),
    /train: data.inputs.crc32 must be \d+, as in the checkpoint, got \d+/,
  );
  refuse(
    "validation",
    (r) => withAdam({ ...r, validation: data }),
    /train: validation.shape must be \[6,2\], as in the checkpoint, got \[12,2\]/,
  );
  refuse(
    "dropout",
    (r) => withAdam(r, normModel({ rate: 0.25 })),
    /train: layer 3.settings.rate must be 0.5, as in the checkpoint, got 0.25/,
  );
  refuse(
    "number of layers",
    (r) => withAdam({ ...r, frozen: { layers: "head", updates: 4 } }, wider()),
    /train: layers must be 7, as in the checkpoint, got 2/,
  );
  refuse(
    "earlier learning rate",
    (r) => withAdam({ ...r, schedule: (k: number) => (k === 2 ? 0.5 : 0.1 / (1 + k)) }),
    /train: schedule\(2\) must be 0.0333.*, as in the checkpoint, got 0.5/,
  );
  refuse(
    "number of epochs, now too small,",
    (r) => withAdam({ ...r, epochs: 1, snapshots: [] }),
    /train: epochs must be such that there are at least 5 updates, as in the checkpoint, got 3/,
  );

  test.each(changes)(
    "of a training whose %s is another are refused",
    async (_, action, message) => {
      await expect(action()).rejects.toThrow(message);
    },
  );

  test("are refused before anything changes", async () => {
    const { store, resume } = await stopped(5);
    const before = names(store);
    const model = otherModel();
    const weights = weightsOf(model).read();
    await expect(run(optimizers.adam!, { ...resume, seed: 12 }, model)).rejects.toThrow(RangeError);
    expect(weightsOf(model).read()).toEqual(weights);
    expect(names(store)).toEqual(before);
  });

  test("are not written over by another training", async () => {
    const { checkpoints } = await stopped(5);
    await expect(run(optimizers.adam!, { checkpoints })).rejects.toThrow(
      'train: checkpoints.store must be without checkpoints at the beginning of a training, got "checkpoint-00000005.json". Say resume: true',
    );
  });

  test.each<[string, object, string]>([
    [
      "resume without a store",
      { resume: true },
      "train: resume must be given together with checkpoints",
    ],
    ["resume: 1", { resume: 1 }, "train: resume must be true or false, got 1"],
    ["no store", { checkpoints: {} }, "train: checkpoints.store must be a store"],
    [
      "half a store",
      { checkpoints: { store: { read() {}, write() {} } } },
      "with read, write, list",
    ],
    [
      "a misspelt option",
      { checkpoints: { every: 3 } },
      'made of store, everyUpdates, everyEpochs, keep, got "every"',
    ],
    [
      "both units",
      { checkpoints: { store: new MemoryStore(), everyUpdates: 1, everyEpochs: 1 } },
      "everyEpochs must be left out",
    ],
    [
      "no updates",
      { checkpoints: { store: new MemoryStore(), everyUpdates: 0 } },
      "everyUpdates must be an integer >= 1",
    ],
    [
      "half an epoch",
      { checkpoints: { store: new MemoryStore(), everyEpochs: 0.5 } },
      "everyEpochs must be",
    ],
    [
      "nothing to keep",
      { checkpoints: { store: new MemoryStore(), keep: 0 } },
      "keep must be an integer >= 1",
    ],
  ])("options: %s", async (_, change, message) => {
    await expect(run(optimizers.adam!, change)).rejects.toThrow(message);
  });
});

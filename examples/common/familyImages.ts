import type { ExperimentInput } from "./experiment.js";
import { firstImages, firstOfEachClass, fitted, normalized, type TrainAndTest } from "./images.js";
import type { ImageShape, NetworkShape, VggShape } from "./networkShapes.js";

/** What a family of experiments says about its network and images. */
export interface FamilySettings<Shape extends NetworkShape = VggShape> {
  readonly network: Shape;
  readonly trainingImagesPerClass: number;
  readonly testImages: number;
}

export interface FamilyData<Shape extends NetworkShape = VggShape> {
  /** Made to fit the network, and normalised. */
  readonly images: TrainAndTest;
  /** The network, for images of the set's shape. */
  readonly network: Shape;
}

const prepared = new WeakMap<TrainAndTest, Map<string, TrainAndTest>>();

/** The images on which a family works, of whichever set, and its network for them. */
export function familyData<Shape extends NetworkShape>(
  { network, trainingImagesPerClass, testImages }: FamilySettings<Shape>,
  { data }: Pick<ExperimentInput, "data">,
): FamilyData<Shape> {
  const [height] = network.input;
  const known = prepared.get(data) ?? new Map<string, TrainAndTest>();
  prepared.set(data, known);
  const key = `${height} ${trainingImagesPerClass} ${testImages}`;
  const images =
    known.get(key) ??
    normalized({
      train: fitted(firstOfEachClass(data.train, trainingImagesPerClass), height),
      test: fitted(firstImages(data.test, testImages), height),
    });
  known.set(key, images);
  const input = images.train.x.shape.slice(1) as unknown as ImageShape;
  return { images, network: { ...network, input } };
}

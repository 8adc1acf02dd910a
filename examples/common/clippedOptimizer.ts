import * as tf from "@tensorflow/tfjs";
import type { Optimizer } from "closerlook/tfjs";

/** An optimizer whose gradients, all variables together, are shortened to the length `norm` where they are longer. */
export function clipped(optimizer: Optimizer, norm: number): Optimizer {
  return {
    ...optimizer,
    settings: { ...optimizer.settings, clipNorm: norm },
    apply(gradients, learningRate) {
      tf.tidy(() => {
        const pairs = [...gradients];
        const squares = pairs.map(([, gradient]) => tf.sum(tf.square(gradient)));
        const length = Math.sqrt(tf.addN(squares).dataSync()[0]!);
        // A length that is not finite is the training's to find out.
        const factor = length > norm ? norm / length : 1;
        optimizer.apply(
          pairs.map(([variable, gradient]) => [variable, tf.mul(gradient, factor)] as const),
          learningRate,
        );
      });
    },
  };
}

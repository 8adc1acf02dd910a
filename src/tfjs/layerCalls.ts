import { engine, type Tensor } from "@tensorflow/tfjs-core";
import type { layers as tfLayers } from "@tensorflow/tfjs-layers";

type Call = tfLayers.Layer["call"];
type Output = Tensor | Tensor[];

/**
 * Puts `around` about a layer's computation until the returned function is called. tf.layers has no hook that sees
 * outputs or changes arguments; an own property that shadows the class's method is what every way of running the layer
 * meets. Undoing works in any order: a wrapper that lies under another one stays and merely passes on.
 */
export function wrapCall(
  layer: tfLayers.Layer,
  around: (run: Call, ...call: Parameters<Call>) => Output,
): () => void {
  const own = Object.hasOwn(layer, "call");
  const inner = layer.call;
  const run: Call = (inputs, kwargs) => inner.call(layer, inputs, kwargs);
  let active = true;
  const wrapper: Call = (inputs, kwargs) =>
    active ? around(run, inputs, kwargs) : run(inputs, kwargs);
  layer.call = wrapper;

  return () => {
    active = false;
    if (layer.call !== wrapper) return;
    if (own) layer.call = inner;
    else delete (layer as { call?: Call }).call;
  };
}

/** The one input of a call that a gradient will be taken through; undefined elsewhere, and if there are several. */
export function inputInGradient(inputs: Output): Tensor | undefined {
  const [x, ...more] = [inputs].flat();
  return more.length === 0 && engine().state.gradientDepth > 0 ? x : undefined;
}

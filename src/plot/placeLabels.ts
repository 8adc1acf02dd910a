/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A text that stands beside a point. */
export interface PointLabel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Distance between the middle of the point and the text. */
  readonly gap: number;
  /** Stands somewhere in any case; other labels are left out where they would cover something. */
  readonly required: boolean;
}

/**
 * Places of labels beside their points, in the order of their importance, such that none covers another,
 * a point, or the edge of the frame where that can be avoided, and as few lines as possible.
 *
 * @param solid - What no label should cover: the points.
 * @param soft - What a label had better not cover: pieces of lines.
 * @returns The box of each label; undefined where a label that is not required has no free place.
 */
export function placeLabels(
  labels: readonly PointLabel[],
  frame: Box,
  solid: readonly Box[],
  soft: readonly Box[],
): (Box | undefined)[] {
  const taken = [...solid];
  return labels.map((label) => {
    let best: Box | undefined;
    let least = Infinity;
    for (const { box, ring } of candidates(label)) {
      const covered = sum(taken, box) + outside(box, frame);
      if (covered > 0 && !label.required) continue;
      // Nearness is worth a crossing line, but no covered text.
      const cost = covered * 20 + sum(soft, box) + ring * 60;
      // The first of equals: candidates come in the order of preference.
      if (cost < least - 1e-9) {
        least = cost;
        best = box;
      }
    }
    // Texts side by side need a space between them.
    if (best) taken.push({ ...best, left: best.left - space, right: best.right + space });
    return best;
  });
}

const space = 4;

const directions = [
  [1, 0],
  [1, -1],
  [1, 1],
  [-1, 0],
  [-1, -1],
  [-1, 1],
  [0, -1],
  [0, 1],
] as const;

/** Boxes right of the point, left of it, above and below; then the same further away. */
function* candidates({
  x,
  y,
  width,
  height,
  gap,
  required,
}: PointLabel): Generator<{ box: Box; ring: number }> {
  for (const [ring, factor] of (required ? [1, 2, 3.5, 5] : [1]).entries()) {
    for (const [across, down] of directions) {
      // On a diagonal the near corner is as far as the near side is elsewhere.
      const reach = gap * factor * (across !== 0 && down !== 0 ? 0.75 : 1);
      const left = x + across * reach - (across < 0 ? width : across === 0 ? width / 2 : 0);
      const top = y + down * reach - (down < 0 ? height : down === 0 ? height / 2 : 0);
      yield { box: { left, top, right: left + width, bottom: top + height }, ring };
    }
  }
}

const sum = (boxes: readonly Box[], box: Box): number =>
  boxes.reduce((area, other) => area + overlap(box, other), 0);

/** Area that two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

const outside = (box: Box, frame: Box): number =>
  (box.right - box.left) * (box.bottom - box.top) - overlap(box, frame);

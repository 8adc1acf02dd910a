import { LANES } from "./microKernel";

/**
 * How a matrix [taps · depth, lanes] lies in memory: entry (row, column, r, lane) is at
 * source + batch·batchStep + row·tapRowStep + column·tapColumnStep + r·depthStep + lane·laneStep, steps in bytes.
 */
@unmanaged
export class Panels {
  source: u32;
  into: u32;
  tapRows: i32;
  tapColumns: i32;
  depth: i32;
  lanes: i32;
  tapRowStep: i32;
  tapColumnStep: i32;
  depthStep: i32;
  laneStep: i32;
  batchStep: i32;
}

/** Packs one panel of eight lanes as [taps · depth][8], zeros for lanes that are not there; item = (batch, panel). */
export function packPanel(panels: Panels, scratch: usize, item: i32): void {
  const count = (panels.lanes + LANES - 1) / LANES;
  const panel = item % count;
  const first = panel * LANES;
  const lanes = min(LANES, panels.lanes - first);
  const depth = panels.depth;
  const depthStep = panels.depthStep;
  const laneStep = panels.laneStep;
  const length = panels.tapRows * panels.tapColumns * depth;
  let into = <usize>panels.into + ((<usize>item * <usize>length) << 5);
  const source =
    <usize>panels.source + <usize>(item / count) * <usize>panels.batchStep + first * laneStep;
  const contiguous = lanes == LANES && laneStep == 4;
  for (let row = 0; row < panels.tapRows; row++) {
    for (let column = 0; column < panels.tapColumns; column++) {
      let from = source + row * panels.tapRowStep + column * panels.tapColumnStep;
      for (let r = 0; r < depth; r++, from += depthStep, into += 32) {
        if (contiguous) {
          v128.store(into, v128.load(from));
          v128.store(into, v128.load(from, 16), 16);
          continue;
        }
        let at = from;
        for (let lane = 0; lane < LANES; lane++, at += laneStep) {
          f32.store(into + (<usize>lane << 2), lane < lanes ? f32.load(at) : 0);
        }
      }
    }
  }
}

/**
 * into[batch][column][row] = source[batch][row][column] for a stripe of `stripe` columns; item = (batch, stripe).
 */
export function transposeStripe(
  source: usize,
  into: usize,
  rows: i32,
  columns: i32,
  stripe: i32,
  scratch: usize,
  item: i32,
): void {
  const stripes = (columns + stripe - 1) / stripe;
  const batch = <usize>(item / stripes) * <usize>rows * <usize>columns;
  source += batch << 2;
  into += batch << 2;
  const first = (item % stripes) * stripe;
  const end = min(columns, first + stripe);
  // In blocks, so that the lines written to are written whole while they are in the cache.
  for (let row0 = 0; row0 < rows; row0 += 16) {
    const rowEnd = min(rows, row0 + 16);
    for (let column = first; column < end; column++) {
      let from = source + ((<usize>row0 * <usize>columns + <usize>column) << 2);
      let to = into + ((<usize>column * <usize>rows + <usize>row0) << 2);
      for (let row = row0; row < rowEnd; row++, to += 4, from += <usize>columns << 2) {
        f32.store(to, f32.load(from));
      }
    }
  }
}

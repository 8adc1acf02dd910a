import type { ContourPanel, ContourSurface } from "./contourPanel.js";
import type { MapLine, MapPoint } from "./mapMark.js";
import { seriesStyle } from "./seriesStyle.js";

/** Look of a path, in the legend as on the surface. */
export interface PathStyle {
  readonly line: { readonly color: string; readonly dash: string; readonly width: number };
  readonly marker: MapPoint["marker"] | "none";
}

/** Looks of paths by their names: black, told apart by dashes and markers. */
export function pathStyles(surfaces: readonly ContourSurface[]): Map<string, PathStyle> {
  const styles = new Map<string, PathStyle>();
  const counts = { curve: 0, iterates: 0 };
  for (const { label, kind } of surfaces.flatMap(({ panel }) => panel.paths ?? [])) {
    if (styles.has(label)) continue;
    const { dash, marker } = seriesStyle(counts[kind]++);
    styles.set(
      label,
      kind === "curve"
        ? { line: { color: "black", dash, width: 2.5 }, marker: "none" }
        : {
            line: { color: "black", dash: "none", width: 1 },
            marker: marker as MapPoint["marker"],
          },
    );
  }
  return styles;
}

/** The lines of a panel, and its places: named ones first, as texts are placed in that order. */
export function annotations(
  { points = [], paths = [] }: ContourPanel,
  styles: ReadonlyMap<string, PathStyle>,
): [MapLine[], MapPoint[]] {
  const lines = paths.map(({ label, points: places }) => ({
    points: places,
    ...styles.get(label)!.line,
  }));
  const iterates = paths
    .filter(({ kind }) => kind === "iterates")
    .flatMap(({ label, points: places, names }) => {
      const marker = styles.get(label)!.marker as MapPoint["marker"];
      const all = places.map(
        ([x, y], i): MapPoint => ({
          x,
          y,
          text: names?.[i] ?? `${i + 1}`,
          minor: true,
          marker,
          radius: 2.6,
          fill: "black",
          stroke: "black",
        }),
      );
      // The ends get their numbers first: that is where a reader begins.
      return [...all.slice(-1), ...all.slice(0, -1)];
    });
  const named = points.map(
    ({ x, y, label }): MapPoint => ({
      x,
      y,
      text: label,
      minor: false,
      marker: "circle",
      radius: 4.5,
      fill: "white",
      stroke: "black",
    }),
  );
  return [lines, [...named, ...iterates]];
}

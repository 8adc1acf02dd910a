import {
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkText } from "./checks.js";
import { type CheckedGrid, readGrid, type SurfaceGrid } from "./surfaceGrid.js";

/** One surface with what lies on it. */
export interface ContourPanel extends SurfaceGrid {
  /** Heading, e.g. `"(a) training loss"`. */
  readonly title?: string;
  readonly subtitle?: string;
  /** Named places, such as the networks that the plane goes through. */
  readonly points?: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  readonly paths?: readonly ContourPath[];
}

/** A line over a surface. */
export interface ContourPath {
  /** Name in the legend; paths of one name look alike in all panels. */
  readonly label: string;
  /** At least one place. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /**
   * `"curve"` is a thick line, `"iterates"` numbered dots that a thin line joins. Numbers that would
   * cover something are left out.
   */
  readonly kind: "curve" | "iterates";
  /** Texts of the dots of iterates. @defaultValue `"1"`, `"2"`, … */
  readonly names?: readonly string[];
}

const panelNames = ["title", "subtitle", "x", "y", "values", "points", "paths"];
/** A panel whose parts were checked. */
export interface ContourSurface {
  readonly panel: ContourPanel;
  readonly grid: CheckedGrid;
}

export function readPanels(
  panels: readonly ContourPanel[],
  nonNegative: boolean,
): ContourSurface[] {
  if (!Array.isArray(panels)) {
    throw typeError("contours", "panels", "an array of { x, y, values, … }", panels);
  }
  if (panels.length === 0) throw rangeError("contours", "panels", "at least one panel", panels);
  return panels.map((panel: ContourPanel, i) => {
    const where = `panels[${i}]`;
    checkOptions("contours", panel, panelNames);
    checkText("contours", `${where}.title`, panel.title);
    checkText("contours", `${where}.subtitle`, panel.subtitle);
    const grid = readGrid(where, panel, nonNegative);
    readList(`${where}.points`, panel.points).forEach((point, k) => {
      const name = `${where}.points[${k}]`;
      checkNumber("contours", `${name}.x`, point?.x);
      checkNumber("contours", `${name}.y`, point.y);
      if (typeof point.label !== "string") {
        throw typeError("contours", `${name}.label`, "a string", point.label);
      }
    });
    readList(`${where}.paths`, panel.paths).forEach((path, k) => {
      checkPath(`${where}.paths[${k}]`, path);
    });
    return { panel, grid };
  });
}

function checkPath(name: string, path: ContourPath): void {
  if (typeof path !== "object" || path === null) {
    throw typeError("contours", name, "an object { label, points, kind }", path);
  }
  if (typeof path.label !== "string") {
    throw typeError("contours", `${name}.label`, "a string", path.label);
  }
  checkOneOf("contours", `${name}.kind`, path.kind, ["curve", "iterates"]);
  const points = readList(`${name}.points`, path.points);
  if (points.length === 0) throw rangeError("contours", `${name}.points`, "at least one", points);
  points.forEach((point, i) => {
    checkNumber("contours", `${name}.points[${i}][0]`, point?.[0]);
    checkNumber("contours", `${name}.points[${i}][1]`, point[1]);
  });
  if (path.names === undefined) return;
  const names = readList(`${name}.names`, path.names);
  if (names.length !== points.length) {
    const must = `as long as points (${points.length})`;
    throw rangeError("contours", `${name}.names`, must, names.length);
  }
  names.forEach((text, i) => {
    if (typeof text !== "string")
      throw typeError("contours", `${name}.names[${i}]`, "a string", text);
  });
}

function readList<T>(argument: string, list: readonly T[] | undefined): readonly T[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw typeError("contours", argument, "an array", list);
  return list;
}

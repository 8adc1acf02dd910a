import { padded, widthOf } from "./text.js";

/** Where the text of each column begins or ends. */
export type Align = readonly ("left" | "right")[];

/** Lines of a table without rules: columns two spaces apart. */
export function table(rows: readonly (readonly string[])[], align: Align): string[] {
  const widths = align.map((_, column) =>
    Math.max(0, ...rows.map((cells) => widthOf(cells[column] ?? ""))),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => padded(cell, widths[column]!, align[column]!))
      .join("  ")
      .trimEnd(),
  );
}

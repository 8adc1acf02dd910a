import type { FailedLine, Line, Setup } from "./line.js";

/** Something that can be measured, case by case. */
export interface Subject<Case = Named, Data = unknown, Measured extends Line = Line> {
  /** The package of Python that its peers need, if it has such peers. */
  readonly peersPackage?: string;
  readonly cases: readonly Case[];
  /** One of every kind, small enough for a test: answers count, not times. */
  readonly quickCases: readonly Case[];
  /** Writes what all sides of a case read, into a folder of its own. */
  write(folder: string, one: Case): Promise<Data>;
  /** Runs one case on all its sides in turns and compares times and answers. */
  compare(
    one: Case,
    data: Data,
    threads: number,
    setup: Setup,
    onProgress: (text: string) => void,
  ): Promise<Measured | FailedLine>;
  /** The line above the rows of a table for people, where one suits them all. */
  readonly heading?: string;
  /** For people. */
  row(line: Measured): string;
}

export interface Named {
  readonly name: string;
}

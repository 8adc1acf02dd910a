import type { Interval } from "../similarity/index.js";

/** What the measures return, as far as a command shows it. */
export interface PairResult {
  readonly similarity?: number;
  readonly distance?: number;
  readonly normalized?: number;
  readonly angle?: number;
  /** Of RSA: distances that were compared, and whether those of a side are all equal. */
  readonly pairs?: number;
  readonly constantX?: boolean;
  readonly constantY?: boolean;
  readonly chance?: number;
  readonly pValue?: number;
  readonly interval?: Interval;
  readonly correlations?: Float64Array;
  readonly frequencies?: readonly { readonly weight: number }[];
  readonly keptX?: number;
  readonly keptY?: number;
  readonly rankX?: number;
  readonly rankY?: number;
  readonly varianceX?: number;
  readonly varianceY?: number;
  readonly deadX?: readonly number[];
  readonly deadY?: readonly number[];
  readonly degenerate?: boolean;
  readonly method?: string;
}

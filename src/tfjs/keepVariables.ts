import type { ModelVariable } from "./model.js";
import { readVariables, writeVariables } from "./openModel.js";

/** Remembers the variables on the host; the result sets them again to the same bits. */
export function keepVariables(variables: readonly ModelVariable[]): () => void {
  const flat = readVariables(variables);
  return () => writeVariables(variables, flat);
}

import { type Arrow, targetOf } from "./arrows.js";

const core = ["schedules", "similarity", "curves", "landscape", "distillation"];

/** What a folder may use besides itself: `src/<folder>`s, packages, and `node:*` for any module of Node. */
interface Allowed {
  readonly static: readonly string[];
  /** Also allowed in types. */
  readonly type?: readonly string[];
  /** Also allowed where it is loaded only when needed; `computed` stands for names in variables. */
  readonly dynamic?: readonly string[];
}

const numeric: Allowed = { static: ["internal", "kernels", "ml-matrix", "fft.js", "munkres"] };

/** The arrows between layers; they point down only. `index` is the file src/index.ts. */
const layers: Readonly<Record<string, Allowed>> = {
  internal: { static: [] },
  kernels: { static: ["internal", "ml-matrix"] },
  ...Object.fromEntries(core.map((folder) => [folder, numeric])),
  formats: { static: ["internal"] },
  tfjs: {
    static: [...core, "internal", "formats", "kernels", "@tensorflow/tfjs-core"],
    type: ["@tensorflow/tfjs-layers"],
  },
  node: {
    static: [...core, "internal", "kernels", "formats", "node:*"],
    dynamic: ["tfjs", "@tensorflow/*", "computed"],
  },
  plot: {
    static: ["schedules", "internal", "@observablehq/plot", "linkedom"],
    type: ["@resvg/resvg-js", "@saehrimnir/druidjs"],
    dynamic: [
      "@resvg/resvg-js",
      "@saehrimnir/druidjs",
      "node:fs",
      "node:url",
      "node:module",
      "computed",
    ],
  },
  cli: {
    static: [...core, "internal", "kernels", "formats", "node", "plot", "node:*"],
    dynamic: [...core, "node", "plot", "node:*"],
  },
  index: { static: core },
};

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** The folder of src that a path lies in, `index` for src/index.ts; undefined outside of src. */
function layerOf(path: string): string | undefined {
  const [top, folder, ...rest] = path.split("/");
  if (top !== "src" || folder === undefined) return undefined;
  return rest.length === 0 ? folder.replace(/\.[jt]s$/, "") : folder;
}

const describe = ({ from, to, kind }: Arrow, reason: string): string =>
  `${from} → ${to ?? "a computed name"} (${kind}): ${reason}`;

/** What is wrong with an arrow from a file of src, or undefined. */
export function wrongInSource(arrow: Arrow): string | undefined {
  const layer = layerOf(arrow.from);
  const rules = layer === undefined ? undefined : layers[layer];
  if (layer === undefined || rules === undefined) {
    return describe(arrow, "this folder is in no layer");
  }
  const target = targetOf(arrow);
  const name = target === undefined ? (arrow.to ?? "computed") : layerOf(target);
  if (name === undefined) return describe(arrow, "leaves src");
  if (target !== undefined && name === layer) return undefined;
  const allowed = [
    ...rules.static,
    ...(arrow.kind === "type" ? (rules.type ?? []) : []),
    ...(arrow.kind === "dynamic" ? (rules.dynamic ?? []) : []),
  ];
  return allowed.some((pattern) => matches(pattern, name))
    ? undefined
    : describe(arrow, `${layer} must not use ${name} so`);
}

/** The package, as users see it. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What is wrong with an arrow from a file of examples, or undefined. */
export function wrongInExamples(arrow: Arrow, manifest: Manifest): string | undefined {
  const { to } = arrow;
  if (to === undefined) return describe(arrow, "examples name what they import");
  const target = targetOf(arrow);
  if (target !== undefined) {
    return target.startsWith("examples/") ? undefined : describe(arrow, "leaves examples");
  }
  if (to.startsWith("node:")) return undefined;
  const [name = ""] = /^(@[^/]+\/)?[^/]+/.exec(to) ?? [];
  if (name === manifest.name) {
    const subpath = `.${to.slice(name.length)}`;
    return subpath in manifest.exports ? undefined : describe(arrow, "is no export of the package");
  }
  return name in manifest.devDependencies
    ? undefined
    : describe(arrow, "is not among the development dependencies");
}

import { inspect } from "node:util";
import ts from "typescript";

/** A piece of code in the documentation. */
export interface Snippet {
  /** File, and the documented symbol or the line: the title of its test. */
  readonly title: string;
  readonly code: string;
  /** Why it is not run, after a first line `// not run: <reason>`. */
  readonly notRun?: string;
}

const fence = /^([ \t]*)```([a-z]*)[^\n]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm;

const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

function snippet(title: string, code: string): Snippet {
  const reason = /^\/\/ not run: (.+)/.exec(code.trimStart())?.[1];
  return reason === undefined ? { title, code } : { title, code, notRun: reason };
}

/** Every ```ts and ```js fence of a Markdown file. */
export function markdownSnippets(file: string, text: string): Snippet[] {
  return [...text.matchAll(fence)]
    .filter(([, , language]) => language === "ts" || language === "js")
    .map((match) => snippet(`${file}, line ${lineOf(text, match.index)}`, match[3]!));
}

/** Every `@example` of a source file; one without exactly one ```ts fence is an error. */
export function sourceSnippets(file: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const body = comment[0].slice(3, -2).replaceAll(/^[ \t]*\* ?/gm, "");
    const rest = text.slice(comment.index + comment[0].length);
    const symbol = /^\s*(?:export )?(?:async )?(?:\w+ )?(\w+)/.exec(rest)?.[1] ?? "file";
    // A tag ends an example, but not in the code of its fence.
    const examples = body.split(/^\s*@example/m).slice(1);
    examples.forEach((example, i) => {
      const fences = [...example.matchAll(fence)];
      const title = `${file}: ${symbol}${examples.length > 1 ? `, example ${i + 1}` : ""}`;
      if (fences.length !== 1 || fences[0]![2] !== "ts") {
        throw new Error(`${title}: an @example must have exactly one \`\`\`ts fence`);
      }
      found.push(snippet(title, fences[0]![3]!));
    });
  }
  return found;
}

/** An expression whose value the documentation states. */
interface Claim {
  /** Line in the snippet, from 1. */
  readonly line: number;
  readonly expression: string;
  readonly expected: unknown;
}

const parse = (code: string): ts.SourceFile =>
  ts.createSourceFile("snippet.ts", code, ts.ScriptTarget.ES2022, true);

/** The value of a JavaScript literal, or of an array or object of literals; else undefined. */
function literalValue(node: ts.Expression): { readonly value: unknown } | undefined {
  if (ts.isParenthesizedExpression(node)) return literalValue(node.expression);
  if (ts.isNumericLiteral(node)) return { value: Number(node.text) };
  if (ts.isBigIntLiteral(node)) return { value: BigInt(node.text.slice(0, -1)) };
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
    return { value: node.text };
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return { value: true };
  if (node.kind === ts.SyntaxKind.FalseKeyword) return { value: false };
  if (node.kind === ts.SyntaxKind.NullKeyword) return { value: null };
  if (ts.isIdentifier(node)) {
    const named = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, undefined: undefined };
    return node.text in named ? { value: named[node.text as keyof typeof named] } : undefined;
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = literalValue(node.operand)?.value;
    return typeof value === "number" || typeof value === "bigint" ? { value: -value } : undefined;
  }
  if (ts.isArrayLiteralExpression(node)) {
    const values = node.elements.map(literalValue);
    return values.every((item) => item !== undefined)
      ? { value: values.map((item) => item.value) }
      : undefined;
  }
  if (ts.isObjectLiteralExpression(node)) {
    const entries: [string, unknown][] = [];
    for (const property of node.properties) {
      if (!ts.isPropertyAssignment(property) || ts.isComputedPropertyName(property.name)) return;
      const item = literalValue(property.initializer);
      if (item === undefined) return;
      entries.push([property.name.text, item.value]);
    }
    return { value: Object.fromEntries(entries) };
  }
  return undefined;
}

/** The value that a comment states: a literal, alone or before ` — remark`. */
export function statedValue(comment: string): { readonly value: unknown } | undefined {
  const parts = comment.trim().split(" — ");
  // A string may contain the dash, so the longest literal counts.
  for (let used = parts.length; used > 0; used--) {
    const text = `(${parts.slice(0, used).join(" — ")})`;
    const file = parse(text);
    const [statement, ...others] = file.statements;
    const broken = ts.transpileModule(text, { reportDiagnostics: true }).diagnostics?.length;
    if (broken || others.length > 0 || !statement || !ts.isExpressionStatement(statement)) continue;
    const stated = literalValue(statement.expression);
    if (stated !== undefined) return stated;
  }
  return undefined;
}

/** A snippet as the body of an async function of `load` (imports a module) and `claim` (reports a value). */
interface Program {
  readonly body: string;
  readonly claims: readonly Claim[];
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Line breaks of the text that a replacement takes the place of, so that later lines keep their numbers. */
const breaks = (text: string): string => "\n".repeat(text.split("\n").length - 1);

/** An import declaration as an assignment from `await load(…)`. */
function importEdit(file: ts.SourceFile, node: ts.ImportDeclaration): Edit {
  const clause = node.importClause;
  const names: string[] = [];
  let call = `await load(${node.moduleSpecifier.getText(file)}`;
  let namespace = "";
  if (clause?.name) names.push(`default: ${clause.name.text}`);
  if (clause?.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
    namespace = clause.namedBindings.name.text;
  } else if (clause?.namedBindings && ts.isNamedImports(clause.namedBindings)) {
    for (const { propertyName, name, isTypeOnly } of clause.namedBindings.elements) {
      if (!isTypeOnly) names.push(`${(propertyName ?? name).text}: ${name.text}`);
    }
  }
  call += `, ${JSON.stringify(names.map((name) => name.split(":")[0]))})`;
  const left = namespace || `{ ${names.join(", ")} }`;
  const text =
    clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? "" : `const ${left} = ${call};`;
  return { from: node.getStart(file), to: node.end, text: text + breaks(node.getText(file)) };
}

/** Finds the claims of a snippet and makes a program of it that reports their values. */
export function toProgram(code: string): Program {
  const file = parse(code);
  const edits: Edit[] = [];
  const claims: Claim[] = [];

  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) edits.push(importEdit(file, statement));
    const stated = ts
      .getTrailingCommentRanges(code, statement.end)
      ?.map(({ pos, end }) => statedValue(code.slice(pos, end).replace(/^\/\//, "")))[0];
    if (stated === undefined || !ts.isExpressionStatement(statement)) continue;
    // What is printed is what is claimed.
    const { expression: whole } = statement;
    const printed = ts.isCallExpression(whole) && whole.expression.getText(file) === "console.log";
    const expression = printed && whole.arguments.length === 1 ? whole.arguments[0]! : whole;
    const from = whole.getStart(file);
    const index = claims.length;
    edits.push({ from, to: expression.getStart(file), text: `;claim(${index}, (` });
    edits.push({ from: expression.end, to: whole.end, text: "))" });
    const line = file.getLineAndCharacterOfPosition(whole.end).line + 1;
    claims.push({ line, expression: expression.getText(file), expected: stated.value });
  }

  // A value that nobody compares would look checked.
  code.split("\n").forEach((text, i) => {
    const comment = /;\s*\/\/(.*)$/.exec(text)?.[1];
    if (comment === undefined || statedValue(comment) === undefined) return;
    if (!claims.some(({ line }) => line === i + 1)) {
      throw new Error(
        `line ${i + 1}: a stated value must follow a top-level expression, got: ${text}`,
      );
    }
  });

  const visit = (node: ts.Node): void => {
    const isImport =
      ts.isCallExpression(node) &&
      (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        node.expression.getText(file) === "require");
    if (isImport) {
      edits.push({ from: node.getStart(file), to: node.expression.end, text: "(await load" });
      edits.push({ from: node.end, to: node.end, text: ")" });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  let text = "";
  let at = 0;
  for (const edit of edits.sort((a, b) => a.from - b.from || a.to - b.to)) {
    text += code.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  text += code.slice(at);
  const { outputText, diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const [error] = diagnostics;
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  return { body: outputText.replaceAll(/^export \{\};$/gm, ""), claims };
}

/** Relative error that a stated number may have. */
const TOLERANCE = 1e-12;

/** Whether a value is what was stated: numbers nearly, all else exactly; typed arrays count as arrays. */
export function agrees(value: unknown, expected: unknown): boolean {
  if (typeof value === "number" && typeof expected === "number") {
    return (
      Object.is(value, expected) ||
      value === expected ||
      Math.abs(value - expected) <= TOLERANCE * Math.abs(expected)
    );
  }
  if (typeof expected !== "object" || expected === null) return Object.is(value, expected);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(expected)) {
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return false;
    const items = Array.from(value as ArrayLike<unknown>);
    return items.length === expected.length && items.every((item, i) => agrees(item, expected[i]));
  }
  const keys = Object.keys(expected);
  return (
    !Array.isArray(value) &&
    Object.keys(value).length === keys.length &&
    keys.every(
      (key) =>
        Object.hasOwn(value, key) &&
        agrees((value as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]),
    )
  );
}

/** Imports a module for a snippet. */
export type LoadModule = (name: string) => Promise<Record<string, unknown>>;

const show = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY });

/** Runs a snippet; returns how many claims hold, and throws at the first that does not. */
export async function runSnippet(code: string, loadModule: LoadModule): Promise<number> {
  const { body, claims } = toProgram(code);
  const load = async (name: string, exports: readonly string[] = []) => {
    const module = await loadModule(name);
    for (const key of exports) {
      if (!(key in module)) throw new Error(`${name} has no export "${key}"`);
    }
    return module;
  };
  let checked = 0;
  const claim = (index: number, value: unknown): void => {
    const { line, expression, expected } = claims[index]!;
    if (!agrees(value, expected)) {
      throw new Error(`line ${line}: ${expression} is ${show(value)}, not ${show(expected)}`);
    }
    checked++;
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  await new AsyncFunction("load", "claim", body)(load, claim);
  if (checked !== claims.length) {
    throw new Error(`${claims.length - checked} stated values were never reached`);
  }
  return checked;
}

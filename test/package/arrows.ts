import { posix } from "node:path";
import ts from "typescript";

/** One module that a file uses. */
export interface Arrow {
  /** Path of the file in the repository, with slashes. */
  readonly from: string;
  /** As written; undefined where it is computed. */
  readonly to: string | undefined;
  /** `type` vanishes when compiled; `dynamic` is only loaded when its line runs. */
  readonly kind: "static" | "type" | "dynamic";
}

const parse = (file: string, text: string): ts.SourceFile =>
  ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);

/** Text of a string literal, also through a constant of the file. */
function literalText(file: ts.SourceFile, node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isIdentifier(node)) return undefined;
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if (!(statement.declarationList.flags & ts.NodeFlags.Const)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText(file) !== node.text) continue;
      return initializer && ts.isStringLiteralLike(initializer) ? initializer.text : undefined;
    }
  }
  return undefined;
}

/** Functions that load a module by the name they are given. */
const loaders = new Set(["require", "builtin", "getBuiltinModule"]);

const isTypeOnlyImport = ({ importClause }: ts.ImportDeclaration): boolean => {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
};

/** Every module that a file imports, exports from, names in a type, or loads while it runs. */
export function arrowsOf(from: string, text: string): Arrow[] {
  const file = parse(from, text);
  const arrows: Arrow[] = [
    ...file.referencedFiles.map(({ fileName }) => fileName),
    ...file.typeReferenceDirectives.map(({ fileName }) => fileName),
  ].map((to) => ({ from, to, kind: "type" }));
  const add = (node: ts.Node | undefined, kind: Arrow["kind"]): void => {
    arrows.push({ from, to: literalText(file, node), kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, isTypeOnlyImport(node) ? "type" : "static");
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const named = node.exportClause && ts.isNamedExports(node.exportClause);
      const types =
        node.isTypeOnly ||
        (named === true &&
          (node.exportClause as ts.NamedExports).elements.every(({ isTypeOnly }) => isTypeOnly));
      add(node.moduleSpecifier, types ? "type" : "static");
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression, "static");
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, "type");
    } else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) {
      add(node.name, "type");
    } else if (ts.isCallExpression(node)) {
      const called = node.expression;
      const isLoader =
        called.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(called) && loaders.has(called.text)) ||
        (ts.isPropertyAccessExpression(called) && called.name.text === "getBuiltinModule") ||
        (ts.isCallExpression(called) && called.expression.getText(file) === "createRequire");
      if (isLoader) add(node.arguments[0], "dynamic");
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return arrows;
}

/** The file that a relative arrow of a TypeScript or built file leads to; else undefined. */
export const targetOf = ({ from, to }: Arrow): string | undefined =>
  to?.startsWith(".") ? posix.join(posix.dirname(from), to) : undefined;

/** What a line of the numeric library must not reach for, since it differs from run to run or prints. */
const forbiddenNames = new Set(["console", "performance", "Date", "crypto"]);

/** Uses of the clock, of unseeded randomness and of the console, as `name` with its line. */
export function unrepeatableUses(from: string, text: string): string[] {
  const file = parse(from, text);
  const uses: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isName =
        (ts.isPropertyAccessExpression(parent) &&
          parent.name === node &&
          parent.expression.getText(file) !== "globalThis") ||
        ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) &&
          parent.name === node);
      const isPlainMath =
        ts.isPropertyAccessExpression(parent) &&
        parent.expression === node &&
        parent.name.text !== "random";
      if (!isName && (forbiddenNames.has(node.text) || (node.text === "Math" && !isPlainMath))) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
        uses.push(`${from}:${line + 1}: ${parent.getText(file)}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

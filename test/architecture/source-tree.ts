import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to `src`, with forward slashes. */
  readonly path: string;
  /** First directory, or `''` for a file directly under `src`. */
  readonly module: string;
  /** `service`, `controller`, … or `null` for a plain file. */
  readonly role: string | null;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly ImportEdge[];
  /** Whether anything of it runs: more than types, abstract members and declarations of problems. */
  readonly hasCode: boolean;
}

export interface ImportEdge {
  readonly specifier: string;
  /** Path relative to `src` of a relative import, `null` for a package. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

const ROLES =
  /\.(service|controller|module|repository|guard|decorator|filter|interceptor|scheduler|subscriber|watcher|factory|pipe|dto|view|events|errors)\.ts$/;
const ROLES_OF_NEST = new Set([
  'service',
  'controller',
  'module',
  'repository',
  'guard',
  'decorator',
  'filter',
  'interceptor',
  'scheduler',
  'subscriber',
  'watcher',
  'factory',
  'pipe',
  'dto',
  'view',
]);

export const root = join(import.meta.dirname, '..', '..');

export function isNestRole(role: string | null): boolean {
  return role !== null && ROLES_OF_NEST.has(role);
}

export function readSourceTree(): SourceFile[] {
  const src = join(root, 'src');
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => describeFile(src, path.split(sep).join('/')));
}

function describeFile(src: string, path: string): SourceFile {
  const text = readFileSync(join(src, path), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return {
    path,
    module: path.includes('/') ? (path.split('/')[0] ?? '') : '',
    role: ROLES.exec(path)?.[1] ?? null,
    text,
    lines: text.split('\n').length - 1,
    imports: importsOf(source, path),
    hasCode: source.statements.some(runs),
  };
}

function importsOf(source: ts.SourceFile, path: string): ImportEdge[] {
  const edges: ImportEdge[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const typeOnly = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      edges.push(edge(path, (node.moduleSpecifier as ts.StringLiteral).text, typeOnly));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier !== undefined && ts.isStringLiteral(specifier)) {
        edges.push(edge(path, specifier.text, false));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edges;
}

function edge(from: string, specifier: string, typeOnly: boolean): ImportEdge {
  const target = specifier.startsWith('.')
    ? posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, '.ts')
    : null;
  return { specifier, target, typeOnly };
}

/** Declarations of types, ports and constants do not run; functions with a body and concrete classes do. */
function runs(statement: ts.Statement): boolean {
  if (ts.isFunctionDeclaration(statement)) return statement.body !== undefined;
  if (!ts.isClassDeclaration(statement)) return false;
  const isError = statement.heritageClauses?.some((clause) => clause.getText().includes('Error'));
  if (isError === true) return false;
  return statement.members.some(
    (member) =>
      (ts.isMethodDeclaration(member) || ts.isGetAccessor(member)) && member.body !== undefined,
  );
}

/** Files that a contract or transcript suite of `module` drives: everything its imports reach inside that module. */
export function drivenBySuites(
  module: string,
  files: ReadonlyMap<string, SourceFile>,
): Set<string> {
  const driven = new Set<string>();
  const visit = (path: string): void => {
    const file = files.get(path);
    if (file === undefined || driven.has(path)) return;
    driven.add(path);
    file.imports.forEach(({ target }) => {
      if (target !== null && files.get(target)?.module === module) visit(target);
    });
  };
  for (const suite of suitesOf(module)) suite.forEach(visit);
  return driven;
}

/** Paths relative to `src` that each suite of a module uses. */
function suitesOf(module: string): string[][] {
  const folders = [join(root, 'test', 'contract', module)];
  if (module === 'lifecycle') folders.push(join(root, 'test', 'transcripts'));
  return folders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .map((name) => {
            const text = readFileSync(join(folder, name), 'utf8');
            // Imported, or named as the script of a process that the suite runs.
            const found = text.matchAll(/'(?:\.\.\/)+src\/([^']+)\.(?:js|ts)'/g);
            return [...found].map(([, path = '']) => `${path}.ts`);
          })
      : [],
  );
}

/** The layer table of `docs/architecture/house.md`: module -> modules it may import. */
export function readLayerTable(): Map<string, Set<string>> {
  const text = readFileSync(join(root, 'docs', 'architecture', 'house.md'), 'utf8');
  const rows = text.matchAll(/^\|\s*(?:L\d|-)\s*\|\s*(\w+)\s*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, module = '', allowed = '']) => [
      module,
      new Set(allowed.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))),
    ]),
  );
}

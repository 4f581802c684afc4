import { describe, expect, it } from '@jest/globals';
import { drivenBySuites, isNestRole, readLayerTable, readSourceTree } from './source-tree.js';
import type { SourceFile } from './source-tree.js';

const files = readSourceTree();
const code = files.filter((file) => !file.path.endsWith('.spec.ts'));
const byPath = new Map(files.map((file) => [file.path, file]));
const layers = readLayerTable();

const FORBIDDEN_WORDS =
  /(?:^|[-.])(?:manager|helpers?|utils?|common|constants|types|interfaces)(?=[-.])|^index\.ts$/;
const PRIVATE_ROLES = new Set([
  'controller',
  'repository',
  'dto',
  'guard',
  'scheduler',
  'interceptor',
]);

function crossModule(file: SourceFile): { from: SourceFile; to: SourceFile }[] {
  return file.imports.flatMap(({ target }) => {
    const to = target === null ? undefined : byPath.get(target);
    return to !== undefined && to.module !== file.module ? [{ from: file, to }] : [];
  });
}

describe('the layers', () => {
  const edges = code.filter((file) => file.module !== '').flatMap(crossModule);

  it('names every module of the source tree in the table', () => {
    const modules = new Set(code.map((file) => file.module).filter((name) => name !== ''));
    expect([...modules].filter((name) => !layers.has(name))).toEqual([]);
  });

  it('are crossed downwards only, as the table allows', () => {
    const upward = edges
      .filter(({ from, to }) => layers.get(from.module)?.has(to.module) !== true)
      .map(({ from, to }) => `${from.path} -> ${to.path}`);
    expect(upward).toEqual([]);
  });

  it('have a table without cycles', () => {
    const cyclic = [...layers].filter(([name, allowed]) =>
      [...allowed].some((other) => layers.get(other)?.has(name) === true),
    );
    expect(cyclic).toEqual([]);
  });

  it('keep controllers, repositories, guards and DTOs private to their module', () => {
    const leaks = edges
      .filter(({ to }) => to.role !== null && PRIVATE_ROLES.has(to.role))
      .map(({ from, to }) => `${from.path} -> ${to.path}`);
    expect(leaks).toEqual([]);
  });
});

describe('a plain file', () => {
  const plain = code.filter((file) => file.module !== '' && !isNestRole(file.role));

  it('imports nothing from NestJS', () => {
    const nest = plain
      .filter((file) => file.imports.some(({ specifier }) => specifier.startsWith('@nestjs/')))
      .map((file) => file.path);
    expect(nest).toEqual([]);
  });

  it('that holds code is tested: by the spec beside it, or by a suite of its module that drives it', () => {
    const specImports = new Set(
      files
        .filter((file) => file.path.endsWith('.spec.ts'))
        .flatMap((file) => file.imports.flatMap(({ target }) => (target === null ? [] : [target]))),
    );
    const driven = new Map(
      [...layers.keys()].map((module) => [module, drivenBySuites(module, byPath)]),
    );
    const untested = plain
      .filter((file) => file.hasCode && file.role === null)
      .map((file) => file.path)
      .filter((path) => !specImports.has(path))
      .filter((path) => driven.get(path.split('/')[0] ?? '')?.has(path) !== true);
    expect(untested).toEqual([]);
  });
});

describe('a file', () => {
  it('is at most 350 lines long, a spec 500', () => {
    const long = files
      .filter((file) => file.lines > (file.path.endsWith('.spec.ts') ? 500 : 350))
      .map((file) => `${file.path}: ${file.lines}`);
    expect(long).toEqual([]);
  });

  it('is named by its noun, in kebab case, and is no barrel', () => {
    const bad = files
      .map((file) => file.path.split('/').pop() ?? '')
      .filter(
        (name) => FORBIDDEN_WORDS.test(name) || !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(name),
      );
    expect(bad).toEqual([]);
  });

  it('takes no part in an import cycle', () => {
    expect(findCycles()).toEqual([]);
  });

  it('uses neither forwardRef nor, outside platform.module, @Global', () => {
    const found = code
      .filter((file) => /\bforwardRef\s*\(|@Global\(\)/.test(file.text))
      .map((file) => file.path);
    expect(found).toEqual(['platform.module.ts']);
  });

  it('leaves the environment to settings.loader', () => {
    const readers = code
      .filter((file) => file.text.includes('process.env'))
      .map((file) => file.path)
      .filter((path) => path !== 'settings/settings.loader.ts' && !path.startsWith('cli/'));
    expect(readers).toEqual([]);
  });
});

/** Depth first over imports that exist at run time; each cycle is told once, from its first file. */
function findCycles(): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    const next = (byPath.get(path)?.imports ?? []).filter(({ typeOnly }) => !typeOnly);
    for (const { target } of next) {
      if (target !== null && byPath.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of code) visit(path, []);
  return cycles;
}

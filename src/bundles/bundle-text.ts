import { setImmediate } from 'node:timers/promises';
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
  type Node,
} from 'yaml';
import { isJsonObject } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import type { Bundle } from './bundle.js';

/** Characters of the longest YAML that is read: reading it keeps the process from anything else, near 1 s per million. */
export const MAX_YAML_CHARS = 1024 * 1024;
/** What may stand without quotes, unless it looks like something else than a text. */
const PLAIN_TEXT = /^[\w./@-](?:[\w ./@,()+-]*[\w./@)-])?$/;
/** Items written before others get their turn. */
const TURN_ITEMS = 50;

const YAML_FORM = {
  // What is equal twice is written twice: an alias would depend on which objects happen to be shared.
  aliasDuplicateObjects: false,
  lineWidth: 0,
  sortMapEntries: true,
  // Texts that readers of YAML 1.1 take for something else are quoted.
  compat: 'yaml-1.1',
  blockQuote: false,
} as const;

/** Canonical JSON for people: sorted keys, two spaces, a line break at the end. Equal bundles give equal bytes. */
export async function bundleJson(bundle: Bundle): Promise<string> {
  const write = (item: unknown): string => prettyJson(item, '    ');
  const services = await inTurns(bundle.services, write);
  const templates = await inTurns(bundle.templates, write);
  const list = (items: readonly string[]): string =>
    items.length === 0 ? '[]' : `[\n    ${items.join(',\n    ')}\n  ]`;
  return `{\n  "bundle_version": ${JSON.stringify(bundle.bundle_version)},\n  "services": ${list(services)},\n  "templates": ${list(templates)}\n}\n`;
}

/** The same as YAML 1.2: sorted keys, no aliases, no folded lines. */
export async function bundleYaml(bundle: Bundle): Promise<string> {
  const write = (item: unknown): string => yamlItem(item).trimEnd().replaceAll('\n', '\n  ');
  const services = await inTurns(bundle.services, write);
  const templates = await inTurns(bundle.templates, write);
  const list = (items: readonly string[]): string =>
    items.length === 0 ? ' []' : `\n  ${items.join('\n  ')}`;
  return `bundle_version: ${JSON.stringify(bundle.bundle_version)}\nservices:${list(services)}\ntemplates:${list(templates)}\n`;
}

function yamlItem(item: unknown): string {
  const document = new Document([item], YAML_FORM);
  visit(document, {
    Scalar: (_key, node) => {
      const { value } = node;
      if (typeof value === 'string' && !PLAIN_TEXT.test(value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString(YAML_FORM);
}

export type YamlReading = { readonly value: unknown } | { readonly errors: readonly FieldError[] };

/** Reads one YAML document. Aliases, tags of one's own, keys that are no text and keys given twice are refused. */
export function readYaml(text: string): YamlReading {
  if (text.length > MAX_YAML_CHARS) {
    const detail = `has ${String(text.length)} characters; YAML is read up to ${String(MAX_YAML_CHARS)}, JSON beyond that.`;
    return { errors: [{ pointer: '', detail }] };
  }
  const lines = new LineCounter();
  try {
    // Its own search for keys given twice takes the square of their number.
    const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines, version: '1.2' });
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined)
      return refused(fault.message.split('\n')[0] ?? '', lines, fault.pos[0]);
    const odd = oddNode(document.contents);
    if (odd !== null) return refused(odd.detail, lines, odd.at);
    return { value: document.toJS({ maxAliasCount: 0 }) as unknown };
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof ReferenceError)) throw error;
    return { errors: [{ pointer: '', detail: 'is nested too deep, or has aliases.' }] };
  }
}

function refused(detail: string, lines: LineCounter, at: number): YamlReading {
  const { line, col } = lines.linePos(at);
  const where = `line ${String(line)}, column ${String(col)}`;
  return {
    errors: [{ pointer: '', detail: `is not the YAML that is read here, at ${where}: ${detail}` }],
  };
}

/** What JSON has no word for, or what two readers would read differently. Iterative: depth is the sender's. */
function oddNode(root: unknown): { readonly detail: string; readonly at: number } | null {
  const open: unknown[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === null || isScalar(node)) continue;
    if (isSeq(node)) {
      for (const item of node.items) open.push(item);
    } else if (isMap(node)) {
      const keys = new Set<string>();
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? key.value : undefined;
        if (typeof name !== 'string')
          return { detail: 'a key is no text.', at: startOf(key, node) };
        if (keys.has(name)) {
          return {
            detail: `the key ${JSON.stringify(name)} is given twice.`,
            at: startOf(key, node),
          };
        }
        keys.add(name);
        open.push(value);
      }
    } else {
      return { detail: 'aliases are not read.', at: startOf(node, null) };
    }
  }
  return null;
}

function startOf(node: unknown, outer: Node | null): number {
  const range = (node as Node | null)?.range ?? outer?.range;
  return range?.[0] ?? 0;
}

/** JSON with sorted keys, each member in a line of its own; the first line is not indented. */
function prettyJson(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => `${inner}${prettyJson(item ?? null, inner)}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${inner}${JSON.stringify(key)}: ${prettyJson(value[key], inner)}`);
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

async function inTurns<T>(
  items: readonly T[],
  write: (item: T) => string,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const item of items) {
    if (written.length % TURN_ITEMS === TURN_ITEMS - 1) await setImmediate();
    written.push(write(item));
  }
  return written;
}

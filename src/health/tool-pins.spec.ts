import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { changesInWords, changesOfPins, pinTools } from './tool-pins.js';

const read: JsonObject = { name: 'read', description: 'Reads', inputSchema: { type: 'object' } };
const list: JsonObject = { name: 'list', inputSchema: { type: 'object' } };

function changed(before: JsonObject[], after: JsonObject[]): string {
  return changesInWords(changesOfPins(pinTools(before), pinTools(after)));
}

describe('pinTools', () => {
  it('is the same whatever the order of tools and members', () => {
    const turned = { inputSchema: { type: 'object' }, description: 'Reads', name: 'read' };
    expect(pinTools([list, turned])).toEqual(pinTools([read, list]));
  });

  it.each<[string, JsonObject]>([
    ['title', { title: 'Reads' }],
    ['description', { description: 'Reads it' }],
    ['inputSchema', { inputSchema: { type: 'object', properties: {} } }],
    ['outputSchema', { outputSchema: { type: 'object' } }],
    ['annotations', { annotations: { readOnlyHint: true } }],
  ])('is another when %s is', (_member, over) => {
    expect(pinTools([{ ...read, ...over }]).hash).not.toBe(pinTools([read]).hash);
  });

  it('does not look at what is not part of a definition', () => {
    const more = { ...read, _meta: { n: 1 }, icons: [] };
    expect(pinTools([more])).toEqual(pinTools([read]));
  });

  it('is a SHA-256 in hexadecimal, of no tools as well', () => {
    expect(pinTools([]).hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('changesOfPins', () => {
  it('names those that differ alone, with the way from the one to the other', () => {
    const changes = changesOfPins(
      pinTools([read, list, { ...list, name: 'same' }]),
      pinTools([
        { ...read, description: 'Writes' },
        { ...list, name: 'same' },
        { ...list, name: 'new' },
      ]),
    );
    expect(changes.map(({ tool, change }) => [tool, change])).toEqual([
      ['list', 'removed'],
      ['new', 'added'],
      ['read', 'changed'],
    ]);
    expect(changes[2]?.diff).toEqual([
      { op: 'replace', path: '/description', from: 'Reads', value: 'Writes' },
    ]);
    expect(changes[0]).toMatchObject({
      present_sha256: null,
      diff: [{ op: 'remove' }, { op: 'remove' }],
    });
    expect(changes[1]?.approved_sha256).toBeNull();
  });

  it('is empty for equal definitions', () => {
    expect(changesOfPins(pinTools([read, list]), pinTools([list, read]))).toEqual([]);
  });

  it.each<[JsonObject[], JsonObject[], string]>([
    [[read], [{ ...read, description: 'x' }], '"read" changed (/description)'],
    [[read], [read, list], '"list" is new'],
    [[read, list], [read], '"list" is gone'],
    [
      [list],
      [{ ...list, title: 'a', description: 'b', annotations: {}, outputSchema: {} }],
      '"list" changed (/annotations, /description, /outputSchema, …)',
    ],
  ])('in words: case %#', (before, after, words) => {
    expect(changed(before, after)).toBe(words);
  });

  it('in words is bounded', () => {
    const many = Array.from({ length: 8 }, (_, at) => ({ ...list, name: `t${String(at)}` }));
    expect(changed([], many)).toMatch(/^"t0" is new, .* and 3 more$/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { breakages, contractDiff, type ToolChange } from './contract-diff.js';

const tool = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  ...more,
});

/** The only tool of both sides, judged. */
function judged(before: JsonObject, after: JsonObject): ToolChange {
  const [change] = contractDiff([tool('a', before)], [tool('a', after)]).tools;
  if (change === undefined) throw new Error('no tool');
  return change;
}

describe('the contract of a list of tools', () => {
  it('is broken by a tool that is gone, and not by one that is new', () => {
    const diff = contractDiff([tool('a'), tool('b')], [tool('b'), tool('c')]);
    expect(diff.verdict).toBe('breaking');
    expect(diff.tools.map(({ tool: name, change, verdict }) => [name, change, verdict])).toEqual([
      ['a', 'removed', 'breaking'],
      ['b', 'unchanged', 'compatible'],
      ['c', 'added', 'compatible'],
    ]);
    expect(contractDiff([], [tool('a')]).verdict).toBe('compatible');
    expect(contractDiff([], []).tools).toEqual([]);
  });

  it('does not depend on the order of tools, nor on a second one of a name', () => {
    const second = tool('a', { inputSchema: { type: 'object', required: ['x'] } });
    const diff = contractDiff([tool('a'), tool('b')], [tool('b'), tool('a'), second]);
    expect(diff.tools.every(({ change }) => change === 'unchanged')).toBe(true);
  });

  it('is told from the side of senders and of readers', () => {
    const { verdict, change, reasons } = judged(
      { outputSchema: { type: 'object', required: ['n'] } },
      { inputSchema: { type: 'object', required: ['text'] }, outputSchema: { type: 'object' } },
    );
    expect([change, verdict]).toEqual(['changed', 'breaking']);
    expect(reasons).toEqual([
      {
        pointer: '/inputSchema/required',
        side: 'input',
        detail: 'the member "text" is required now',
        verdict: 'breaking',
      },
      {
        pointer: '/outputSchema/required',
        side: 'output',
        detail: 'the member "n" may be missing now',
        verdict: 'breaking',
      },
    ]);
  });

  it.each<[string, JsonObject, JsonObject, string, string]>([
    ['gets an output schema', {}, { outputSchema: { type: 'object' } }, 'output', 'compatible'],
    ['loses its output schema', { outputSchema: { type: 'object' } }, {}, 'output', 'breaking'],
    ['gets a title', {}, { title: 'A' }, 'text', 'compatible'],
    ['gets another description', { description: 'a' }, { description: 'b' }, 'text', 'compatible'],
    ['gets an icon', {}, { icons: [{ src: 'x' }] }, 'text', 'compatible'],
    ['needs a task now', {}, { execution: { taskSupport: 'required' } }, 'execution', 'breaking'],
    ['may be a task', {}, { execution: { taskSupport: 'optional' } }, 'execution', 'compatible'],
    [
      'must not be a task any more',
      { execution: { taskSupport: 'optional' } },
      { execution: { taskSupport: 'forbidden' } },
      'execution',
      'breaking',
    ],
    [
      'has no schema to compare with',
      { inputSchema: true },
      { inputSchema: { type: 'object' } },
      'input',
      'unknown',
    ],
  ])('of a tool that %s', (_name, before, after, side, verdict) => {
    const change = judged(before, after);
    expect(change.reasons).toEqual([expect.objectContaining({ side, verdict })]);
    expect(change.verdict).toBe(verdict === 'compatible' ? 'compatible' : 'breaking');
  });

  it('is compared for at most so much work and text, and what is left cannot be told', () => {
    const inputSchema = (count: number, type: string): JsonObject => ({
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`p${String(index)}`, { type }]),
      ),
    });
    const many = judged(
      { inputSchema: inputSchema(200, 'string') },
      { inputSchema: inputSchema(200, 'number') },
    );
    expect(many.reasons).toHaveLength(51);
    expect(many.reasons.at(-1)).toMatchObject({ detail: 'and 150 more changes' });
    const tools = (type: string): JsonObject[] =>
      Array.from({ length: 60 }, (_, index) =>
        tool(`t${String(index)}`, { inputSchema: inputSchema(3000, type) }),
      );
    const startedAt = performance.now();
    const diff = contractDiff(tools('integer'), tools('number'));
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(diff.verdict).toBe('breaking');
  });

  it('names what breaks as errors with pointers, at most 50', () => {
    const gone = Array.from({ length: 70 }, (_, index) => tool(`x${String(index)}`));
    const diff = contractDiff([tool('a/b'), ...gone], []);
    expect(breakages(diff)).toHaveLength(50);
    expect(breakages(diff)[0]).toEqual({
      pointer: '/tools/a~1b',
      detail: 'a/b: the tool is gone.',
    });
    expect(breakages(contractDiff([], gone))).toEqual([]);
  });
});

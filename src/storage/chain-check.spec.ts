import { describe, expect, it } from '@jest/globals';
import { ChainCheck, type ChainLine } from './chain-check.js';

const START = { number: 0, hash: 'h0', mayPrecede: false };
const line = (number: number, before = number - 1): ChainLine => ({
  number,
  hash: `h${number}`,
  prev_hash: `h${before}`,
});

function check(
  lines: readonly (ChainLine | string)[],
  { start = START, end = { number: lines.length, hash: `h${lines.length}` } } = {},
) {
  const chain = new ChainCheck(start, [{ number: 2, hash: 'h2', by: 'snapshot' }]);
  for (const [index, each] of lines.entries()) {
    chain.step(each, { file: 'f', line: index + 1, byte: index * 10 });
  }
  return chain.verdict(end, [], { file: 'f', line: null, byte: 0 });
}

const found = (...given: Parameters<typeof check>): unknown[] =>
  check(...given).breaks.map(({ fault, number, line: at }) => [fault, number, at]);

describe('the check of a chain', () => {
  it('finds nothing wrong with lines that follow on one another', () => {
    expect(check([line(1), line(2), line(3)])).toEqual({
      intact: true,
      records: 3,
      files: 0,
      anchor: null,
      first: { number: 1, hash: 'h1' },
      last: { number: 3, hash: 'h3' },
      breaks: [],
      break_count: 0,
    });
  });

  it.each<[string, (ChainLine | string)[], unknown[]]>([
    ['a line that cannot be read', [line(1), 'broken', line(3)], [['unreadable', 2, 2]]],
    ['a missing one', [line(1), line(3)], [['order', 3, 2]]],
    ['a doubled one', [line(1), line(1), line(2)], [['order', 1, 2]]],
    ['another hash before it', [line(1), { ...line(2), prev_hash: 'x' }], [['link', 2, 2]]],
    ['another hash than a snapshot says', [line(1), { ...line(2), hash: 'x' }], [['anchor', 2, 2]]],
  ])('tells of %s once, where it is', (_what, lines, breaks) => {
    const end = { number: lines.length, hash: `h${lines.length}` };
    const last = lines.at(-1);
    const reached = typeof last === 'object' ? { number: last.number, hash: last.hash } : end;
    expect(found(lines, { end: reached })).toEqual(breaks);
  });

  it('misses what was cut off the end, and what was sealed anew there', () => {
    expect(found([line(1)], { end: { number: 2, hash: 'h2' } })).toEqual([['end', 2, null]]);
    expect(found([line(1)], { end: { number: 1, hash: 'other' } })).toEqual([['end', 1, null]]);
  });

  it('goes on from an anchor, and takes lines up to it that were not removed yet', () => {
    const start = { number: 5, hash: 'h5', mayPrecede: true };
    const end = { number: 6, hash: 'h6' };
    expect(found([line(6)], { start, end })).toEqual([]);
    expect(found([line(4), line(5), line(6)], { start, end })).toEqual([]);
    expect(found([{ ...line(5), hash: 'x' }, line(6)], { start, end })).toEqual([
      ['order', 5, 1],
      ['link', 6, 2],
    ]);
    expect(found([line(7)], { start, end: { number: 7, hash: 'h7' } })).toEqual([['order', 7, 1]]);
  });

  it('names the first twenty places and counts the rest', () => {
    const verdict = check(Array.from({ length: 30 }, () => 'broken'));
    expect([verdict.breaks.length, verdict.break_count, verdict.records]).toEqual([20, 30, 30]);
  });
});

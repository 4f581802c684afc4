import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linesBackward, linesForward, type FileLine, type ReadRange } from './line-reader.js';

function reader(content: Buffer): ReadRange {
  return (offset, length) => Promise.resolve(content.subarray(offset, offset + length));
}

async function all(lines: AsyncGenerator<FileLine>): Promise<[string, number, boolean][]> {
  const found: [string, number, boolean][] = [];
  for await (const { bytes, offset, isWhole } of lines) {
    found.push([bytes.toString(), offset, isWhole]);
  }
  return found;
}

describe('the lines of a file', () => {
  const content = Buffer.from('one\n\ntwo\nthr');

  it('come first to last, the torn one marked', async () => {
    expect(await all(linesForward(reader(content), content.length))).toEqual([
      ['one', 0, true],
      ['', 4, true],
      ['two', 5, true],
      ['thr', 9, false],
    ]);
  });

  it('end where they are said to end', async () => {
    expect(await all(linesForward(reader(content), 4))).toEqual([['one', 0, true]]);
    expect(await all(linesBackward(reader(content), 4))).toEqual([['one', 0, true]]);
    expect(await all(linesBackward(reader(content), 0))).toEqual([]);
  });

  it('are the same from both ends, however they fall on the chunks', async () => {
    const line = fc
      .oneof(fc.nat(40), fc.constantFrom(262_143, 262_144, 300_000))
      .map((n) => 'x'.repeat(n));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.boolean(), async (lines, isTorn) => {
        const text = lines.map((one) => `${one}\n`).join('') + (isTorn ? 'end' : '');
        const bytes = Buffer.from(text);
        const forward = await all(linesForward(reader(bytes), bytes.length));
        expect(forward.map(([one]) => one)).toEqual(isTorn ? [...lines, 'end'] : lines);
        const backward = await all(linesBackward(reader(bytes), bytes.length));
        expect(backward.reverse()).toEqual(forward);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('are refused from the end when the file has become shorter', async () => {
    await expect(all(linesBackward(reader(content), content.length + 5))).rejects.toThrow(
      'shorter',
    );
  });
});

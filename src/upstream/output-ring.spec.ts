import { describe, expect, it } from '@jest/globals';
import { OutputRing } from './output-ring.js';
import { scrubberOf } from './scrub.js';

function ring(...chunks: string[]): readonly string[] {
  const made = new OutputRing(scrubberOf(['s3cret']));
  for (const chunk of chunks) made.push(Buffer.from(chunk));
  return made.lines();
}

describe('OutputRing', () => {
  it.each<[string, string[], string[]]>([
    ['whole lines', ['a\nb\n'], ['a', 'b']],
    ['lines cut anywhere', ['a', 'b\nc', '\n\nd'], ['ab', 'c', '', 'd']],
    ['\\r\\n', ['a\r\nb\r\n'], ['a', 'b']],
    ['a secret over two chunks', ['x s3c', 'ret y\n'], ['x [secret] y']],
    ['an unfinished line', ['a\nsee s3cret'], ['a', 'see [secret]']],
    ['nothing', [], []],
  ])('keeps %s', (_name, chunks, expected) => {
    expect(ring(...chunks)).toEqual(expected);
  });

  it('tells each line that it keeps, scrubbed', () => {
    const heard: string[] = [];
    const made = new OutputRing(scrubberOf(['s3cret']), (line) => heard.push(line));
    made.push(Buffer.from('a s3cret\nb'));
    made.note('ours');
    expect(heard).toEqual(['a [secret]', 'ours']);
  });

  it('keeps the last 200 lines of a flood', () => {
    const flood = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join('');
    const lines = ring('before\n', flood, 'after\n');
    expect(lines).toHaveLength(200);
    expect(lines[0]).toBe('line 4801');
    expect(lines[199]).toBe('after');
  });

  it('cuts long lines, without leaving half a secret', () => {
    const lines = ring('x'.repeat(1998), 's3cret', 'y'.repeat(100_000), '\nnext\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toHaveLength(2001);
    expect(lines[0]).not.toContain('s3');
    expect(lines[1]).toBe('next');
  });

  it('takes notes of ours in order', () => {
    const made = new OutputRing(scrubberOf([]));
    made.push(Buffer.from('a\n'));
    made.note('warning');
    expect(made.lines()).toEqual(['a', 'warning']);
  });
});

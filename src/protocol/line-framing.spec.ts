import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from './line-framing.js';

function collect(maxBytes = 1000): {
  lines: string[];
  tooLong: () => number;
  splitter: LineSplitter;
} {
  const lines: string[] = [];
  let tooLong = 0;
  const splitter = new LineSplitter(
    maxBytes,
    (line) => lines.push(line.toString()),
    () => (tooLong += 1),
  );
  return { lines, tooLong: () => tooLong, splitter };
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const text = 'one\ntwö €\r\n\n\nthree\n';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }), (sizes) => {
        const { lines, splitter } = collect();
        const bytes = Buffer.from(text);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          splitter.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(lines).toEqual(['one', 'twö €', 'three']);
      }),
    );
  });

  it('keeps back a line without its end', () => {
    const { lines, splitter } = collect();
    splitter.push(Buffer.from('a\nb'));
    expect(lines).toEqual(['a']);
    expect(splitter.rest().toString()).toBe('b');
  });

  it.each([
    ['in one chunk', ['123456\nx\n']],
    ['over chunks, before its end', ['123', '456', 'x\ny\n']],
  ])('reports a line that is too long %s once, and then drops everything', (_name, chunks) => {
    const { lines, tooLong, splitter } = collect(5);
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    expect(tooLong()).toBe(1);
    expect(lines).toEqual([]);
  });

  it('puts a long line together where it will lie, and gives room it does not need back', () => {
    const maxBytes = 50_000_000;
    const seen: Buffer[] = [];
    const splitter = new LineSplitter(
      maxBytes,
      (line) => seen.push(line),
      () => undefined,
    );
    const piece = Buffer.from('0123456789'.repeat(30_000));
    for (const pieces of [100, 40, 100]) {
      for (let i = 0; i < pieces; i += 1) splitter.push(piece);
      splitter.push(Buffer.from('end\nnext '));
    }
    expect(seen.map(({ length }) => length)).toEqual([30_000_003, 12_000_008, 30_000_008]);
    expect(seen.map(({ buffer }) => buffer.byteLength)).toEqual([maxBytes, 12_000_008, maxBytes]);
    const texts = seen.map((line) => line.toString());
    expect(texts.map((text) => text.replaceAll(/(0123456789)+/g, 'x'))).toEqual([
      'xend',
      'next xend',
      'next xend',
    ]);
    expect(splitter.rest().toString()).toBe('next ');
  });

  it('takes no room for the longest line where a message of a few megabytes comes', () => {
    const reserved = jest.spyOn(Buffer, 'allocUnsafeSlow');
    const { lines, splitter } = collect(64 * 1_048_576);
    for (let i = 0; i < 40; i += 1) splitter.push(Buffer.alloc(100_000, 'x'));
    splitter.push(Buffer.from('\n'));
    expect(lines.map(({ length }) => length)).toEqual([4_000_000]);
    expect(reserved).not.toHaveBeenCalled();
    reserved.mockRestore();
  });

  it('takes a line of exactly the limit', () => {
    const { lines, splitter } = collect(5);
    splitter.push(Buffer.from('12345\n'));
    expect(lines).toEqual(['12345']);
  });
});

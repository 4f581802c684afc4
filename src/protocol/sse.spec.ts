import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sseComment, sseFrame, SseParser } from './sse.js';

type Seen = { event: string; data: string; id?: string; retry?: number };

function parse(
  chunks: readonly (string | Buffer)[],
  maxBytes = 10_000,
): { events: Seen[]; tooLong: number } {
  const events: Seen[] = [];
  let tooLong = 0;
  const parser = new SseParser(
    maxBytes,
    ({ event, data, id, retry }) => {
      events.push({
        event,
        data: data.toString(),
        ...(id === undefined ? {} : { id }),
        ...(retry === undefined ? {} : { retry }),
      });
    },
    () => (tooLong += 1),
  );
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  return { events, tooLong };
}

describe('SseParser', () => {
  it.each<[string, string, Seen[]]>([
    ['a plain event', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
    ['a named one', 'event: endpoint\ndata: /m\n\n', [{ event: 'endpoint', data: '/m' }]],
    [
      'id and retry',
      'id: 7\nretry: 250\ndata: a\n\n',
      [{ event: 'message', data: 'a', id: '7', retry: 250 }],
    ],
    ['a priming event', 'id: 7\ndata:\n\n', [{ event: 'message', data: '', id: '7' }]],
    ['several data lines', 'data: a\ndata:  b\ndata\n\n', [{ event: 'message', data: 'a\n b\n' }]],
    [
      '\\r\\n',
      'data: a\r\n\r\ndata: b\r\n\r\n',
      [
        { event: 'message', data: 'a' },
        { event: 'message', data: 'b' },
      ],
    ],
    [
      '\\r',
      'data: a\r\rdata: b\r\r',
      [
        { event: 'message', data: 'a' },
        { event: 'message', data: 'b' },
      ],
    ],
    ['comments', ': keep-alive\n\ndata: a\n: x\n\n', [{ event: 'message', data: 'a' }]],
    ['unknown fields', 'foo: 1\ndatax: 1\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['a byte order mark', '\ufeffdata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['an id with a NUL', 'id: a\0\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['a retry that is no number', 'retry: 1s\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['an unfinished event', 'data: a\n', []],
    ['only an event name', 'event: x\n\n', []],
  ])('reads %s, cut anywhere', (_name, text, expected) => {
    const bytes = Buffer.from(text);
    expect(parse([bytes]).events).toEqual(expected);
    for (let size = 1; size < 4; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(parse(chunks).events).toEqual(expected);
    }
  });

  it.each([
    ['one line', ['data: 12345678901', '2\n\n']],
    ['many lines', ['data: 1234\n', 'data: 1234\n', 'data: 1234\n', '\n']],
  ])(
    'reports an event that is too long over %s once, and then drops everything',
    (_name, chunks) => {
      expect(parse([...chunks, 'data: b\n\n'], 12)).toEqual({ events: [], tooLong: 1 });
    },
  );

  it('measures each event by itself', () => {
    const frames = Array.from({ length: 50 }, () => 'data: 12345\n\n');
    expect(parse([frames.join('')], 20).events).toHaveLength(50);
  });
});

describe('sseFrame', () => {
  it('writes message events by default', () => {
    expect(sseFrame(Buffer.from('{}')).toString()).toBe('event: message\ndata: {}\n\n');
    expect(sseFrame(Buffer.from('{}'), '3').toString()).toBe('id: 3\nevent: message\ndata: {}\n\n');
    expect(sseComment('hi').toString()).toBe(': hi\n\n');
  });

  it('is read back by the parser, line breaks included', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', ' ', ':', 'é') }), (data) => {
        const frame = sseFrame(Buffer.from(data), '9', 'endpoint');
        expect(parse([frame]).events).toEqual([{ event: 'endpoint', data, id: '9' }]);
      }),
    );
  });
});

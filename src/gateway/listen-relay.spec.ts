import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import { ListenRelay } from './listen-relay.js';

class FakeResponse extends EventEmitter {
  headersSent = false;
  writableEnded = false;
  destroyed = false;
  text = '';
  writeHead(): void {
    this.headersSent = true;
  }
  flushHeaders(): void {}
  write(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return true;
  }
  end(): void {
    this.writableEnded = true;
  }
}

function relayOn(): {
  relay: ListenRelay;
  response: FakeResponse;
  counts: number[];
  gone: number[];
} {
  const response = new FakeResponse();
  const counts: number[] = [];
  const gone: number[] = [];
  const link = {
    endpoint: { serviceName: 'x' },
    lease: { upstream: { countListener: (change: number) => counts.push(change) } },
  } as unknown as Link;
  const inbound = { response, requestId: 'r' } as unknown as Inbound;
  const owner = { relayGone: () => gone.push(1) };
  const relay = new ListenRelay(inbound, owner, link);
  relay.onHead(200, { 'content-type': 'text/event-stream' });
  return { relay, response, counts, gone };
}

const OURS = Buffer.from('{"ours":1}');
const FRAME = 'event: message\ndata: {"ours":1}\n\n';

describe('a relayed stream', () => {
  it.each<[string, string[], boolean]>([
    ['before anything', [], true],
    ['behind an event', ['data: 1\n\n'], true],
    ['behind an event with other line ends', ['data: 1\r\n\r\n'], true],
    ['behind an event whose end is cut', ['data: 1\n', '\n'], true],
    ['behind an event cut within its line end', ['data: 1\r\n\r', '\n'], true],
    ['inside an event', ['data: 1'], false],
    ['between two lines of an event', ['data: 1\n'], false],
    ['between two lines with other line ends', ['data: 1\r\n'], false],
  ])('takes a message of ours %s', (_case, chunks, atOnce) => {
    const { relay, response } = relayOn();
    for (const chunk of chunks) relay.onChunk(Buffer.from(chunk));
    relay.inject(OURS);
    expect(response.text).toBe(chunks.join('') + (atOnce ? FRAME : ''));
    if (atOnce) return;
    relay.onChunk(Buffer.from('\n\n'));
    expect(response.text).toBe(`${chunks.join('')}\n\n${FRAME}`);
  });

  it('is counted while it lasts, and ends once', () => {
    const { relay, response, counts, gone } = relayOn();
    response.emit('close');
    relay.onEnd();
    relay.cut();
    relay.inject(OURS);
    expect([counts, gone, response.writableEnded, response.text]).toEqual([[1, -1], [1], true, '']);
  });
});

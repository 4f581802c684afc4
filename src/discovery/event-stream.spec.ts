import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ManualClock } from '../../test/support/manual-clock.js';
import { frameOf, ManagementStream } from './event-stream.js';

class FakeResponse extends EventEmitter {
  readonly written: string[] = [];
  writableLength = 0;
  writableNeedDrain = false;
  ended = false;
  destroyed = false;
  writeHead(): void {}
  flushHeaders(): void {}
  write(text: string): void {
    this.written.push(text);
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('ManagementStream', () => {
  let clock: ManualClock;
  let response: FakeResponse;
  let stream: ManagementStream;
  let closed: number;

  beforeEach(() => {
    clock = new ManualClock();
    response = new FakeResponse();
    closed = 0;
    const terms = { clock, beatMs: 1_000, beat: null, maxUnreadBytes: 100 };
    stream = new ManagementStream(response as unknown as ServerResponse, terms);
    stream.onClose(() => {
      closed += 1;
    });
  });

  it('writes events as one line of JSON each', () => {
    stream.send({ event: 'a', id: '7', data: { text: 'x\ny' } });
    expect(response.written).toEqual(['id: 7\nevent: a\ndata: {"text":"x\\ny"}\n\n']);
  });

  it('breaks a silence, and only a silence', async () => {
    await clock.advance(600);
    stream.send({ data: 1 });
    await clock.advance(600);
    expect(response.written).toHaveLength(1);
    await clock.advance(400);
    expect(response.written[1]).toBe(': still here\n\n');
    await clock.advance(1_000);
    expect(response.written).toHaveLength(3);
  });

  it('waits for a client that is behind, and goes on when it has read', async () => {
    expect(await stream.drained()).toBe(true);
    response.writableNeedDrain = true;
    const waiting = stream.drained();
    response.emit('drain');
    expect(await waiting).toBe(true);
    expect(response.listenerCount('drain')).toBe(0);
  });

  it('drops a client that reads nothing for a minute while more waits for it', async () => {
    response.writableNeedDrain = true;
    const waiting = stream.drained();
    await clock.advance(60_000);
    expect(await waiting).toBe(false);
    expect([response.destroyed, closed, clock.pendingTimers]).toEqual([true, 1, 0]);
  });

  it('drops a client that does not read', () => {
    response.writableLength = 101;
    expect(stream.send({ data: 1 })).toBe(false);
    expect([response.destroyed, stream.open, closed]).toEqual([true, false, 1]);
  });

  it.each([['the client leaves'], ['it is ended']])('cleans up once when %s', async (how) => {
    if (how === 'it is ended') stream.end();
    else response.emit('close');
    stream.end();
    response.emit('close');
    expect([closed, stream.send({ data: 1 })]).toEqual([1, false]);
    await clock.advance(10_000);
    expect(response.written).toEqual([]);
    let late = 0;
    stream.onClose(() => {
      late += 1;
    });
    expect(late).toBe(1);
  });
});

describe('frameOf', () => {
  it('lets nothing end a line early', () => {
    const frame = frameOf({ event: 'a\nb', id: '1\r\n2', data: undefined });
    expect(frame).toBe('id: 12\nevent: ab\ndata: null\n\n');
  });
});

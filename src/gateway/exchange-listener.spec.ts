import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ExchangeConversation, ExchangeSink } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ExchangeListener } from './exchange-listener.js';

function listening(): {
  clock: ManualClock;
  listener: ExchangeListener;
  heard: string[];
  opened: Record<string, string>[];
  sink(): ExchangeSink;
} {
  const clock = new ManualClock();
  const heard: string[] = [];
  const opened: Record<string, string>[] = [];
  let last: ExchangeSink | null = null;
  const conversation = {
    listen: (headers: Record<string, string>, sink: ExchangeSink) => {
      opened.push(headers);
      last = sink;
      return { resume: () => undefined, abort: () => undefined };
    },
  } as unknown as ExchangeConversation;
  const listener = new ExchangeListener(conversation, clock, (message) => {
    heard.push(message.toString());
  });
  const sink = (): ExchangeSink => {
    if (last === null) throw new Error('nothing was opened');
    return last;
  };
  return { clock, listener, heard, opened, sink };
}

const NOTE = '{"jsonrpc":"2.0","method":"m"}';

describe('a listener on an HTTP upstream', () => {
  it('hands on messages and goes on where a stream ended', async () => {
    const { clock, heard, opened, sink } = listening();
    sink().onHead(200, {});
    sink().onChunk(Buffer.from(`id: 5\ndata: ${NOTE}\n\nid: 6\ndata:\n\n`));
    sink().onEnd();
    await clock.advance(1_000);
    sink().onFail(new UpstreamError('disconnected', 'gone'));
    await clock.advance(1_000);
    expect(heard).toEqual([NOTE]);
    expect(opened.map((headers) => headers['last-event-id'])).toEqual([undefined, '6', '6']);
  });

  it('does not ask again where there is no such stream, nor once closed', async () => {
    const refused = listening();
    refused.sink().onHead(405, {});
    refused.sink().onEnd();
    const closed = listening();
    closed.sink().onHead(200, {});
    closed.sink().onEnd();
    closed.listener.close();
    await Promise.all([refused.clock.advance(10_000), closed.clock.advance(10_000)]);
    expect([refused.opened.length, closed.opened.length]).toEqual([1, 1]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { Activity } from './activity.js';
import { MessageChannel } from './message-channel.js';
import type { UpstreamError } from './upstream.errors.js';

function make(room = true): {
  channel: MessageChannel;
  sent: string[];
  heard: string[];
  ask: (text: string) => void;
} {
  const clock = new ManualClock();
  const sent: string[] = [];
  const heard: string[] = [];
  const link = {
    send(message: Buffer): boolean {
      if (room) sent.push(message.toString());
      return room;
    },
    sendParts(parts: readonly Buffer[]): boolean {
      if (room) sent.push(...parts.map((part) => `${part.length}`));
      return room;
    },
  };
  const channel = new MessageChannel(clock, new Activity(clock), link, {
    onMessage: (message, { kind }) => heard.push(`${kind} ${message.toString()}`),
    onTaskProgress() {},
    onNoise: (line) => heard.push(`noise ${line.toString()}`),
  });
  const ask = (text: string): void => {
    const body = Buffer.from(text);
    const envelope = scanEnvelope(body);
    if (envelope === null) throw new Error('odd');
    const sink = {
      onReply: (message: Buffer, start: number, end: number) =>
        heard.push(`reply ${message.toString('utf8', start, end)} ${message.toString()}`),
      onRelated: (message: Buffer) => heard.push(`related ${message.toString()}`),
      onFail: (error: UpstreamError) => heard.push(`fail ${error.code}`),
    };
    channel.request({}, body, envelope, sink, 1000);
  };
  return { channel, sent, heard, ask };
}

const REQUEST = '{"jsonrpc":"2.0","id":"x","method":"m"}';

describe('MessageChannel', () => {
  it.each([
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"result":{},"jsonrpc":"2.0","id":1}',
    '{"id":1,"jsonrpc":"2.0","result":{}}',
    '{"id":1,"j\\u0073onrpc":"2.0","result":{}}',
    '[{"jsonrpc":"2.0","id":1,"result":{}}]',
  ])('finds the call of %s', (line) => {
    const { channel, sent, heard, ask } = make();
    ask(REQUEST);
    expect(sent).toEqual(['{"jsonrpc":"2.0","id":1,"method":"m"}\n']);
    channel.receive(Buffer.from(line));
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatch(/^reply 1 /);
    channel.receive(Buffer.from(line));
    expect(heard).toHaveLength(1);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"roots/list"}', 'request'],
    ['{"jsonrpc":"2.0","method":"notifications/message"}', 'notification'],
    ['plain text', 'noise'],
    ['{"level":30}', 'noise'],
    ['[[1]]', 'noise'],
  ])('takes %s as a %s', (line, kind) => {
    const { channel, heard, ask } = make();
    ask(REQUEST);
    channel.receive(Buffer.from(line));
    expect(heard).toHaveLength(1);
    expect(heard[0]?.startsWith(kind)).toBe(true);
  });

  it.each([
    '{"jsonrpc":"2.0","id":2,"result":{}}',
    '{"jsonrpc":"2.0","id":"1","result":{}}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}',
  ])('drops %s, which belongs to nobody', (line) => {
    const { channel, heard, ask } = make();
    ask(REQUEST);
    channel.receive(Buffer.from(line));
    expect(heard).toEqual([]);
  });

  it('fails a call that there is no room for, but not before its caller has the handle', async () => {
    const { heard, ask } = make(false);
    ask(REQUEST);
    expect(heard).toEqual([]);
    await settle();
    expect(heard).toEqual(['fail capacity']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { Activity } from './activity.js';
import { MessageChannel } from './message-channel.js';
import type { UpstreamError } from './upstream.errors.js';

function make(
  room = true,
  shared = false,
): {
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
  const listener = {
    onMessage: (message: Buffer, { kind }: Envelope) => heard.push(`${kind} ${message.toString()}`),
    onTaskProgress() {},
    onNoise: (line: Buffer) => heard.push(`noise ${line.toString()}`),
  };
  const channel = new MessageChannel(clock, new Activity(clock), link, listener, shared);
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
const ANSWER = (id: number): string => `{"jsonrpc":"2.0","id":${id},"result":{"of":${id}}}`;
const ANSWER_LAST = (id: number): string => `{"result":{"of":${id}},"jsonrpc":"2.0","id":${id}}`;

describe('MessageChannel of a shared upstream', () => {
  it.each([
    ['two answers on one line', ANSWER(1) + ANSWER(2), 1],
    ['two answers with a carriage return between', `${ANSWER(1)}\r${ANSWER(2)}`, 1],
    ['an answer within a torn one', ANSWER(1).slice(0, -9) + ANSWER(2), 1],
    ['a torn one with its id behind', ANSWER_LAST(1).slice(0, 15) + ANSWER_LAST(2), 2],
  ])('gives nobody the answer of another: %s', (_case, line, failed) => {
    const { channel, heard, ask } = make(true, true);
    ask(REQUEST);
    ask(REQUEST);
    channel.receive(Buffer.from(line));
    expect(heard).toEqual(['fail not-json', `noise ${line}`]);
    expect(channel.table.get(failed)).toBeUndefined();
    channel.receive(Buffer.from(ANSWER(3 - failed)));
    expect(heard[2]).toContain(`reply ${3 - failed}`);
  });
});

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

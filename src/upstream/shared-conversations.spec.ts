import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Activity } from './activity.js';
import { MessageChannel } from './message-channel.js';
import { SharedConversations } from './shared-conversations.js';
import type { ConversationSink, ReplySink, ServerFacts } from './upstream.js';

const SERVER = { protocolVersion: '2025-06-18' } as unknown as ServerFacts;
const DEAF: ReplySink = { onReply() {}, onRelated() {}, onFail() {} };

function make(): {
  sent: { method?: string; id?: unknown; error?: unknown; params?: unknown }[];
  receive: (text: string) => void;
  open: () => { conversation: ReturnType<SharedConversations['add']>; heard: string[] };
} {
  const clock = new ManualClock();
  const sent: ReturnType<typeof make>['sent'] = [];
  const link = {
    send: (message: Buffer) => {
      sent.push(JSON.parse(message.toString()) as (typeof sent)[number]);
      return true;
    },
    sendParts: () => false,
  };
  const channel: MessageChannel = new MessageChannel(clock, new Activity(clock), link, {
    onMessage: (message, envelope) => {
      shared.deliver(message, envelope);
    },
    onTaskProgress: (owner, message) => {
      shared.deliverTo(owner, message);
    },
    onNoise() {},
  });
  const shared = new SharedConversations(SERVER, channel);
  const open = (): ReturnType<ReturnType<typeof make>['open']> => {
    const heard: string[] = [];
    const sink: ConversationSink = {
      onMessage: (message) => heard.push(message.toString()),
      onEnd: (error) => heard.push(error.code),
    };
    return { conversation: shared.add(sink), heard };
  };
  return {
    sent,
    open,
    receive: (text) => {
      channel.receive(Buffer.from(text));
    },
  };
}

const message = (method: string, params: unknown = {}): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }));

describe('SharedConversations', () => {
  it('swallows what concerns one client only', () => {
    const { sent, open } = make();
    const { conversation } = open();
    for (const method of ['notifications/initialized', 'notifications/roots/list_changed']) {
      conversation.send(message(method));
    }
    conversation.send(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}'));
    conversation.send(Buffer.from('no message'));
    expect(sent).toEqual([]);
    conversation.send(message('notifications/other'));
    expect(sent).toMatchObject([{ method: 'notifications/other' }]);
  });

  it('answers pings of the server itself, and refuses its other requests', () => {
    const { sent, open, receive } = make();
    const { heard } = open();
    receive('{"jsonrpc":"2.0","id":"p","method":"ping"}');
    receive('{"jsonrpc":"2.0","id":2,"method":"sampling/createMessage","params":{}}');
    expect(sent).toMatchObject([
      { id: 'p', result: {} },
      { id: 2, error: { code: -32601 } },
    ]);
    expect(heard).toEqual([]);
  });

  it('tells a task’s status to its owner only', () => {
    const { open, receive } = make();
    const [a, b] = [open(), open()];
    const body = Buffer.from('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{}}');
    const spans = { idStart: 22, idEnd: 23, tokenStart: 0, tokenEnd: 0, method: 'tools/call' };
    a.conversation.request(body, spans, DEAF, 1000);
    receive('{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t"}}}');
    receive('{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}}');
    receive('{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"u"}}');
    expect([a.heard.length, b.heard.length]).toEqual([1, 0]);
  });

  it('translates a cancellation by its own client, and drops one of nothing', () => {
    const { sent, open } = make();
    const [a, b] = [open(), open()];
    const body = Buffer.from('{"jsonrpc":"2.0","id":9,"method":"m"}');
    const spans = { idStart: 22, idEnd: 23, tokenStart: 0, tokenEnd: 0, method: 'm' };
    const failed: string[] = [];
    const sink = { ...DEAF, onFail: ({ code }: { code: string }) => failed.push(code) };
    a.conversation.request(body, spans, sink, 1000);
    for (const requestId of [9, '9', null, {}]) {
      b.conversation.send(message('notifications/cancelled', { requestId }));
    }
    expect(failed).toEqual([]);
    a.conversation.send(message('notifications/cancelled', { requestId: 9, reason: 'r' }));
    expect(failed).toEqual(['aborted']);
    expect(sent.slice(1)).toMatchObject([{ params: { requestId: 1, reason: 'r' } }]);
  });
});

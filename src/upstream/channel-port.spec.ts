import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { scanEnvelope, type Envelope } from '../protocol/envelope-scan.js';
import { META } from '../protocol/modern-meta.js';
import { Activity } from './activity.js';
import { ChannelPort, ChannelRouter } from './channel-port.js';
import { MessageChannel } from './message-channel.js';
import { NativeConversation } from './native-conversation.js';
import { UpstreamError } from './upstream.errors.js';

function make(): {
  activity: Activity;
  sent: string[];
  heard: string[];
  receive: (message: object) => void;
  open: (name: string) => NativeConversation;
  ask: (conversation: NativeConversation, id: unknown, method?: string, logs?: boolean) => void;
} {
  const clock = new ManualClock();
  const activity = new Activity(clock);
  const sent: string[] = [];
  const heard: string[] = [];
  const link = {
    send: (message: Buffer): boolean => {
      sent.push(message.toString().trim());
      return true;
    },
    sendParts: () => true,
  };
  const listener = {
    onMessage: (message: Buffer, envelope: Envelope) => {
      router.deliver(message, envelope);
    },
    onTaskProgress() {},
    onNoise() {},
  };
  const channel = new MessageChannel(clock, activity, link, listener);
  const router = new ChannelRouter(channel, (message) => heard.push(`other ${message.toString()}`));
  const server = {} as never;
  return {
    activity,
    sent,
    heard,
    receive: (message) => {
      channel.receive(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
    },
    open: (name) => {
      const sink = {
        onMessage() {},
        onEnd: (error: UpstreamError) => heard.push(`${name} end ${error.code}`),
      };
      return new NativeConversation(server, new ChannelPort(channel, activity), sink, () =>
        heard.push(`${name} closed`),
      );
    },
    ask: (conversation, id, method = 'tools/call', logs = false) => {
      const params = { _meta: logs ? { [META.logLevel]: 'info' } : {} };
      const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      const envelope = scanEnvelope(body);
      if (envelope === null) throw new Error('odd');
      conversation.request(
        body,
        envelope,
        {
          onReply: (message, start, end) =>
            heard.push(
              `${String(id)} ${message.toString('utf8', 0, start)}_${message.toString('utf8', end)}`,
            ),
          onRelated: (message) => heard.push(`${String(id)} ${message.toString()}`),
          onFail: (error) => heard.push(`${String(id)} ${error.code}`),
        },
        1000,
      );
    },
  };
}

const log = { method: 'notifications/message', params: { data: 'd' } };
const LOG = JSON.stringify({ jsonrpc: '2.0', ...log });

describe('messages of a stateless child', () => {
  it('go to the subscription that they name, under the id of its client', () => {
    const { heard, receive, open, ask } = make();
    const conversation = open('a');
    ask(conversation, 's1', 'subscriptions/listen');
    ask(conversation, 's2', 'subscriptions/listen');
    receive({ method: 'n', params: { _meta: { [META.subscriptionId]: 2 } } });
    receive({ method: 'n', params: { _meta: { [META.subscriptionId]: 9 } } });
    expect(heard).toEqual([
      `s2 {"jsonrpc":"2.0","method":"n","params":{"_meta":{"${META.subscriptionId}":"s2"}}}`,
    ]);
  });

  it.each([
    [
      { id: 1, result: { _meta: { [META.subscriptionId]: 1 } } },
      '{"jsonrpc":"2.0","id":_,"result":{"_meta":{"@":"a long id"}}}',
    ],
    [
      { result: { _meta: { [META.subscriptionId]: 1 } }, id: 1 },
      '{"jsonrpc":"2.0","result":{"_meta":{"@":"a long id"}},"id":_}',
    ],
    [
      { id: 1, error: { code: 1, message: 'm' } },
      '{"jsonrpc":"2.0","id":_,"error":{"code":1,"message":"m"}}',
    ],
  ])('end a subscription: %j', (message, expected) => {
    const { heard, receive, open, ask } = make();
    ask(open('a'), 'a long id', 'subscriptions/listen');
    receive(message);
    expect(heard).toEqual([`a long id ${expected.replace('@', META.subscriptionId)}`]);
  });

  it('end a subscription that the child cancels, and nothing else', () => {
    const { heard, receive, open, ask } = make();
    const conversation = open('a');
    ask(conversation, 'call');
    ask(conversation, 'sub', 'subscriptions/listen');
    for (const requestId of [1, 9, 'x', 2])
      receive({ method: 'notifications/cancelled', params: { requestId } });
    expect(heard).toEqual([
      `sub {"jsonrpc":"2.0","id":_,"result":{"resultType":"complete","_meta":{"${META.subscriptionId}":"sub"}}}`,
    ]);
  });

  it('that log go to the last call that asked for it', () => {
    const { heard, receive, open, ask } = make();
    const conversation = open('a');
    receive(log);
    ask(conversation, 1, 'tools/call', true);
    ask(conversation, 2, 'tools/call', true);
    ask(conversation, 3);
    receive(log);
    expect(heard).toEqual([`2 ${LOG}`]);
  });

  it('that log go to nobody where they could be for one of two', () => {
    const { heard, receive, open, ask } = make();
    ask(open('a'), 1, 'tools/call', true);
    ask(open('b'), 2, 'tools/call', true);
    receive(log);
    expect(heard).toEqual([]);
  });

  it('are refused when they are requests, but for a ping', () => {
    const { sent, receive } = make();
    receive({ id: 5, method: 'sampling/createMessage' });
    receive({ id: 6, method: 'ping' });
    expect(sent[0]).toContain('"id":5,"error":{"code":-32601');
    expect(sent[1]).toBe('{"jsonrpc":"2.0","id":6,"result":{}}');
  });

  it('are somebody else’s business when they belong to nothing', () => {
    const { heard, receive } = make();
    receive({ method: 'custom' });
    expect(heard).toEqual(['other {"jsonrpc":"2.0","method":"custom"}']);
  });
});

describe('a conversation with a stateless child', () => {
  it('counts calls but no subscriptions, which have no time limit', () => {
    const { activity, open, ask } = make();
    const conversation = open('a');
    ask(conversation, 1);
    ask(conversation, 2, 'subscriptions/listen');
    expect(activity.inFlight).toBe(1);
    conversation.close();
    expect(activity.inFlight).toBe(0);
  });

  it('cancels what is under way when it is closed, and only its own', () => {
    const { sent, heard, open, ask } = make();
    const conversation = open('a');
    ask(open('b'), 1);
    ask(conversation, 2);
    conversation.close();
    conversation.close();
    expect(heard).toEqual(['2 stopped', 'a closed']);
    expect(sent.slice(2)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"The conversation was closed"}}',
    ]);
  });

  it('passes on a cancellation and nothing else that is no request', () => {
    const { sent, heard, open, ask } = make();
    const conversation = open('a');
    ask(conversation, 'mine');
    for (const [method, params] of [
      ['notifications/roots/list_changed', {}],
      ['notifications/cancelled', { requestId: 'other' }],
      ['notifications/cancelled', { requestId: 'mine', reason: 'r' }],
    ]) {
      conversation.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params })));
    }
    expect(heard).toEqual(['mine aborted']);
    expect(sent.slice(1)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"r"}}',
    ]);
  });

  it('ends with its child', () => {
    const { heard, open, ask } = make();
    const conversation = open('a');
    ask(conversation, 1);
    conversation.end(new UpstreamError('exited', 'gone'));
    conversation.end(new UpstreamError('exited', 'gone'));
    expect(heard).toEqual(['1 exited', 'a end exited']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { FakeStatelessPort } from '../../test/support/fake-stateless-port.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { MAX_ROUNDS, THINK_MS } from './translated-call.js';
import { TranslatedConversation } from './translated-conversation.js';
import { UpstreamError } from './upstream.errors.js';
import type { CallHandle, ClientFacts } from './upstream.js';

const CLIENT: ClientFacts = {
  protocolVersion: '2025-11-25',
  capabilities: { elicitation: {}, sampling: {} },
  clientInfo: { name: 'c', version: '1' },
};
const DISCOVERY = {
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true } },
};
const WANTS = {
  result: {
    resultType: 'input_required',
    inputRequests: { k: { method: 'sampling/createMessage', params: {} } },
    requestState: 's',
  },
};

function make(hearsNotifications?: boolean): {
  conversation: TranslatedConversation;
  port: FakeStatelessPort;
  clock: ManualClock;
  heard: string[];
  closed: () => number;
  ask: (
    method: string,
    params?: object,
    id?: unknown,
    onRelated?: (message: string) => void,
  ) => CallHandle;
  send: (message: object) => void;
} {
  const clock = new ManualClock();
  const port = new FakeStatelessPort(clock);
  const heard: string[] = [];
  let closings = 0;
  const sink = {
    hearsNotifications,
    onMessage: (message: Buffer) => heard.push(`message ${message.toString()}`),
    onEnd: (error: UpstreamError) => heard.push(`end ${error.code}`),
  };
  const onClose = (): void => {
    closings += 1;
  };
  const conversation = new TranslatedConversation({
    port,
    clock,
    client: CLIENT,
    discovery: DISCOVERY,
    sink,
    onClose,
  });
  return {
    conversation,
    port,
    clock,
    heard,
    closed: () => closings,
    ask: (method, params = {}, id = 'x', onRelated = () => {}) => {
      const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      const envelope = scanEnvelope(body);
      if (envelope === null) throw new Error('odd');
      return conversation.request(
        body,
        envelope,
        {
          onReply: (message, start, end) =>
            heard.push(
              `reply ${message.toString('utf8', 0, start)}_${message.toString('utf8', end)}`,
            ),
          onRelated: (message) => {
            heard.push(`related ${message.toString()}`);
            onRelated(message.toString());
          },
          onFail: (error) => heard.push(`fail ${error.code}`),
        },
        1000,
      );
    },
    send: (message) => {
      conversation.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
    },
  };
}

const QUESTION = (n: number): string =>
  `related {"jsonrpc":"2.0","id":"ask-${n}","method":"sampling/createMessage","params":{}}`;
const WITHDRAWN = (n: number, reason: string): string =>
  `related ${JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: `ask-${n}`, reason },
  })}`;

describe('TranslatedConversation', () => {
  it('passes requests, what belongs to them, and their answers', () => {
    const { port, heard, ask } = make();
    ask('tools/call', { name: 'n' });
    expect(port.last.timeoutMs).toBe(1000);
    port.last.notify('notifications/progress');
    port.last.reply({ result: { content: 'input_required' } });
    port.last.reply({ result: 'twice' });
    expect(heard).toEqual([
      'related {"jsonrpc":"2.0","method":"notifications/progress"}',
      'reply {"jsonrpc":"2.0","id":_,"result":{"content":"input_required"}}',
    ]);
  });

  it('sends a call again with the answers of its client', () => {
    const { port, heard, ask, send } = make();
    ask('tools/call', { name: 'n' });
    port.last.reply(WANTS);
    expect(heard).toEqual([QUESTION(1)]);
    expect(port.activity.inFlight).toBe(1);
    send({ id: 'ask-9', result: {} });
    send({ id: 'ask-1', result: { role: 'r' } });
    expect(port.activity.inFlight).toBe(0);
    expect(port.last.params).toMatchObject({
      name: 'n',
      inputResponses: { k: { role: 'r' } },
      requestState: 's',
    });
    port.last.reply(WANTS);
    expect(heard[1]).toBe(QUESTION(2));
    send({ id: 'ask-2', result: {} });
    port.last.reply({ result: 'done' });
    expect(heard[2]).toBe('reply {"jsonrpc":"2.0","id":_,"result":"done"}');
    expect(port.sent).toHaveLength(3);
  });

  it('takes an answer that comes while the question is being asked', () => {
    const { port, ask, send } = make();
    ask('tools/call', {}, 1, () => {
      send({ id: 'ask-1', result: {} });
    });
    port.last.reply(WANTS);
    expect(port.sent).toHaveLength(2);
  });

  it.each(['tools/list', 'completion/complete'])('gives %s no chance to want input', (method) => {
    const { port, heard, ask } = make();
    ask(method);
    port.last.reply(WANTS);
    expect(heard[0]).toContain('reply');
  });

  it('bounds how often a call may want input', () => {
    const { port, heard, ask } = make();
    ask('tools/call');
    for (let round = 0; round <= MAX_ROUNDS; round += 1) {
      port.last.reply({ result: { resultType: 'input_required', requestState: 's' } });
    }
    expect(port.sent).toHaveLength(MAX_ROUNDS + 1);
    expect(heard).toEqual([expect.stringContaining('still wants input')]);
  });

  it('does not wait for ever for a client, but longer than for the server', async () => {
    const { port, clock, heard, ask, send } = make();
    ask('tools/call');
    port.last.reply(WANTS);
    await clock.advance(THINK_MS - 1);
    expect(heard).toHaveLength(1);
    await clock.advance(1);
    expect(heard.slice(1)).toEqual([
      WITHDRAWN(1, `The client did not answer within ${THINK_MS} ms`),
      'fail call-timeout',
    ]);
    send({ id: 'ask-1', result: {} });
    expect([port.sent.length, port.activity.inFlight, clock.pendingTimers]).toEqual([1, 0, 0]);
  });

  it('fails a call with the error of its client and takes the other questions back', () => {
    const { port, heard, ask, send } = make();
    ask('tools/call');
    const two = {
      ...WANTS.result.inputRequests,
      l: { method: 'sampling/createMessage', params: {} },
    };
    port.last.reply({ result: { ...WANTS.result, inputRequests: two } });
    send({ id: 'ask-1', error: { code: -1, message: 'no' } });
    expect(heard.slice(2)).toEqual([
      WITHDRAWN(2, 'Another answer was an error'),
      'reply {"jsonrpc":"2.0","id":_,"error":{"code":-1,"message":"no"}}',
    ]);
  });

  it.each([false, true])('takes a call back that its client cancels; asking: %s', (asking) => {
    const { port, heard, ask, send } = make();
    ask('tools/call', {}, 5);
    if (asking) port.last.reply(WANTS);
    send({ method: 'notifications/cancelled', params: { requestId: 6 } });
    send({ method: 'notifications/cancelled', params: { requestId: 5, reason: 'r' } });
    send({ id: 'ask-1', result: {} });
    expect(heard.at(-1)).toBe('fail aborted');
    expect(port.last.abandoned).toBe(asking ? null : 'r');
    expect([port.sent.length, port.activity.inFlight]).toEqual([1, 0]);
  });

  it('may be given more time, in every round', () => {
    const { port, ask, send } = make();
    const call = ask('tools/call');
    call.allow?.(9);
    expect(port.last.allowedMs).toBe(9);
    port.last.reply(WANTS);
    send({ id: 'ask-1', result: {} });
    expect(port.last.timeoutMs).toBe(9);
  });

  it('lets a caller hear nothing more of what it gave up', () => {
    const { port, heard, ask } = make();
    ask('tools/call').abandon(true, 'r');
    port.last.reply({ result: {} });
    expect([port.last.abandoned, heard]).toEqual(['r', []]);
  });

  it('fails a call when the server does not speak the protocol any more', () => {
    const { port, heard, ask } = make();
    ask('tools/list');
    port.last.reply({ error: { code: -32022, message: 'm', data: { supported: [] } } });
    expect(heard).toEqual(['fail protocol-version']);
  });

  it.each(['close', 'end'] as const)('fails everything at its %s', async (how) => {
    const { conversation, port, clock, heard, closed, ask } = make();
    ask('tools/call');
    ask('tools/call', {}, 'y');
    port.last.reply(WANTS);
    ask('resources/subscribe', { uri: 'a:' });
    heard.length = 0;
    const error = new UpstreamError('exited', 'gone');
    if (how === 'close') conversation.close();
    else conversation.end(error);
    conversation.close();
    const code = how === 'close' ? 'stopped' : 'exited';
    expect(heard.filter((line) => line.startsWith('fail'))).toEqual(Array(3).fill(`fail ${code}`));
    expect(heard.includes(`end ${code}`)).toBe(how === 'end');
    expect(closed()).toBe(how === 'close' ? 1 : 0);
    expect(port.failed?.code).toBe(code);
    expect([port.activity.inFlight, clock.pendingTimers]).toEqual([0, 0]);
    ask('tools/call');
    await settle();
    expect(heard.at(-1)).toBe('fail stopped');
  });

  it('listens when the client is ready, unless that is of no use to it', () => {
    for (const hears of [undefined, true, false]) {
      const { port, send } = make(hears);
      send({ method: 'notifications/initialized' });
      expect(port.sent).toHaveLength(hears === false ? 0 : 1);
    }
  });

  it.each([
    'notifications/initialized',
    'notifications/roots/list_changed',
    'notifications/progress',
  ])('tells the server nothing of %s', (method) => {
    const { port, send } = make(false);
    send({ method });
    expect(port.sent).toEqual([]);
  });

  it('answers soon and not at once what the server has no method for', async () => {
    const { heard, ask } = make();
    ask('ping');
    ask('resources/unsubscribe', { uri: 'a:' });
    ask('resources/subscribe', {});
    ask('ping').abandon(false);
    expect(heard).toEqual([]);
    await settle();
    const done = 'reply {"jsonrpc":"2.0","id":_,"result":{}}';
    expect(heard).toEqual([done, done, expect.stringContaining('-32602')]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { FakeStatelessPort, type FakeRequest } from '../../test/support/fake-stateless-port.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import { META } from '../protocol/modern-meta.js';
import { ListenStream } from './listen-stream.js';
import { RequestMeta } from './request-meta.js';
import { UpstreamError } from './upstream.errors.js';
import { GATEWAY_CLIENT } from './upstream.js';

const ACK = 'notifications/subscriptions/acknowledged';

function make(
  capabilities: JsonObject = { tools: { listChanged: true }, resources: { subscribe: true } },
): {
  stream: ListenStream;
  port: FakeStatelessPort;
  clock: ManualClock;
  heard: string[];
  subscribe: (uri: string) => void;
} {
  const clock = new ManualClock();
  const port = new FakeStatelessPort(clock);
  const heard: string[] = [];
  const meta = new RequestMeta(GATEWAY_CLIENT);
  const onMessage = (message: Buffer): void => {
    const { method, params } = JSON.parse(message.toString()) as {
      method: string;
      params?: unknown;
    };
    heard.push(params === undefined ? method : `${method} ${JSON.stringify(params)}`);
  };
  const stream = new ListenStream({ port, meta, clock, capabilities, onMessage });
  const subscribe = (uri: string): void => {
    stream.subscribe(uri, (error) =>
      heard.push(error === null ? `on ${uri}` : `no ${uri}: ${error.message}`),
    );
  };
  return { stream, port, clock, heard, subscribe };
}

function filterOf({ params }: FakeRequest): unknown {
  return params.notifications;
}

function acknowledge(request: FakeRequest, notifications: unknown = filterOf(request)): void {
  request.notify(ACK, { notifications, _meta: { [META.subscriptionId]: 7 } });
}

describe('ListenStream', () => {
  it('asks for the lists that the server tells of, once, without a time limit', () => {
    const { stream, port } = make({
      tools: { listChanged: true },
      prompts: {},
      resources: { listChanged: true },
    });
    stream.open();
    stream.open();
    expect(port.sent.map(filterOf)).toEqual([
      { toolsListChanged: true, resourcesListChanged: true },
    ]);
    expect(port.last.timeoutMs).toBe(Infinity);
  });

  it('opens nothing where there is nothing to hear', () => {
    const { stream, port } = make({ tools: {} });
    stream.open();
    expect(port.sent).toEqual([]);
  });

  it('passes notifications on without the id of the subscription', () => {
    const { stream, port, heard } = make();
    stream.open();
    acknowledge(port.last);
    const _meta = { [META.subscriptionId]: 7 };
    port.last.notify('notifications/tools/list_changed', { _meta });
    port.last.notify('notifications/resources/updated', { uri: 'a:', _meta: { ..._meta, k: 1 } });
    expect(heard).toEqual([
      'notifications/tools/list_changed',
      'notifications/resources/updated {"uri":"a:","_meta":{"k":1}}',
    ]);
  });

  it('closes the old stream once the new one is acknowledged', () => {
    const { stream, port, heard, subscribe } = make();
    stream.open();
    acknowledge(port.last);
    subscribe('a:');
    expect(filterOf(port.last)).toEqual({ toolsListChanged: true, resourceSubscriptions: ['a:'] });
    expect([port.sent[0]?.abandoned, heard]).toEqual([null, []]);
    acknowledge(port.last);
    expect([port.sent[0]?.abandoned, heard]).toEqual(['The subscription is over', ['on a:']]);
    subscribe('a:');
    expect(heard).toEqual(['on a:', 'on a:']);
    expect(port.sent).toHaveLength(2);
    stream.unsubscribe('a:');
    expect(filterOf(port.last)).toEqual({ toolsListChanged: true });
  });

  it('gathers what is wanted while a stream is being opened', () => {
    const { port, heard, subscribe } = make({});
    subscribe('a:');
    subscribe('b:');
    subscribe('c:');
    expect(port.sent).toHaveLength(1);
    acknowledge(port.last);
    expect(heard).toEqual(['on a:']);
    expect(filterOf(port.last)).toEqual({ resourceSubscriptions: ['a:', 'b:', 'c:'] });
    acknowledge(port.last);
    expect(heard).toEqual(['on a:', 'on b:', 'on c:']);
  });

  it('closes the stream when nothing is wanted any more', () => {
    const { stream, port, subscribe } = make({});
    subscribe('a:');
    acknowledge(port.last);
    stream.unsubscribe('a:');
    expect(port.sent).toHaveLength(1);
    expect(port.last.abandoned).not.toBeNull();
  });

  it('refuses what the server does not honor', () => {
    const { port, heard, subscribe } = make();
    subscribe('a:');
    acknowledge(port.last, { toolsListChanged: true });
    expect(heard).toEqual(['no a:: The server takes no subscription to a:']);
  });

  it('refuses a subscription with the error of the server, and keeps the stream there is', async () => {
    const { stream, port, clock, heard, subscribe } = make();
    stream.open();
    acknowledge(port.last);
    subscribe('a:');
    port.last.reply({ error: { code: -32603, message: 'full' } });
    expect(heard).toEqual(['no a:: full']);
    await clock.advance(60_000);
    expect(port.sent).toHaveLength(2);
    expect(port.sent[0]?.abandoned).toBeNull();
  });

  it('does not insist where the server knows no subscriptions', async () => {
    const { stream, port, clock } = make();
    stream.open();
    port.last.reply({ error: { code: -32601, message: 'what?' } });
    await clock.advance(600_000);
    expect(port.sent).toHaveLength(1);
  });

  it.each<[string, (request: FakeRequest) => void]>([
    [
      'broke',
      (request) => {
        request.sink.onFail(new UpstreamError('disconnected', 'x'));
      },
    ],
    [
      'was ended by the server',
      (request) => {
        request.reply({ result: { resultType: 'complete' } });
      },
    ],
  ])('opens a stream again that %s, and tells what may have changed', async (_case, end) => {
    const { stream, port, clock, heard, subscribe } = make();
    stream.open();
    subscribe('a:');
    acknowledge(port.last);
    acknowledge(port.last);
    heard.length = 0;
    end(port.last);
    await clock.advance(499);
    expect(port.sent).toHaveLength(2);
    await clock.advance(1);
    expect(filterOf(port.last)).toEqual({ toolsListChanged: true, resourceSubscriptions: ['a:'] });
    expect(heard).toEqual([]);
    acknowledge(port.last);
    expect(heard).toEqual([
      'notifications/tools/list_changed',
      'notifications/resources/updated {"uri":"a:"}',
    ]);
  });

  it('waits longer from one vain attempt to the next, and less after a good one', async () => {
    const { stream, port, clock } = make();
    stream.open();
    for (const waitMs of [500, 1000, 2000]) {
      port.last.sink.onFail(new UpstreamError('disconnected', 'x'));
      const { length } = port.sent;
      await clock.advance(waitMs - 1);
      expect(port.sent).toHaveLength(length);
      await clock.advance(1);
      expect(port.sent).toHaveLength(length + 1);
    }
    acknowledge(port.last);
    await clock.advance(20_000);
    port.last.sink.onFail(new UpstreamError('disconnected', 'x'));
    const { length } = port.sent;
    await clock.advance(500);
    expect(port.sent).toHaveLength(length + 1);
  });

  it('gives up a stream that is not acknowledged', async () => {
    const { port, clock, heard, subscribe } = make();
    subscribe('a:');
    await clock.advance(30_000);
    expect(port.sent[0]?.abandoned).not.toBeNull();
    expect(heard).toEqual(['no a:: The server did not acknowledge the subscription']);
  });

  it('is over when it is closed', async () => {
    const { stream, port, clock, heard, subscribe } = make();
    stream.open();
    acknowledge(port.last);
    subscribe('a:');
    stream.close(new UpstreamError('stopped', 'bye'));
    expect(port.sent.map(({ abandoned }) => abandoned)).toEqual(
      Array(2).fill('The subscription is over'),
    );
    expect(heard).toEqual(['no a:: bye']);
    await clock.advance(60_000);
    expect([port.sent.length, clock.pendingTimers]).toEqual([2, 0]);
  });

  it('bounds how many resources are subscribed to', () => {
    const { heard, subscribe } = make();
    for (let i = 0; i <= 1000; i += 1) subscribe(`a:${i}`);
    expect(heard).toEqual(['no a:1000: There are 1000 subscriptions already']);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebhookNotifier } from '../../../src/alerts/webhook.notifier.js';
import { configProblems } from '../../../src/config/config.errors.js';
import { receiver, SECRET } from '../../support/alert-fixture.js';
import { ManualClock } from '../../support/manual-clock.js';
import { faultOf, silence, status, WebhookReceiver } from './webhook-receiver.js';

let server: WebhookReceiver;
let clock: ManualClock;

beforeEach(async () => {
  server = await WebhookReceiver.start();
  clock = new ManualClock();
});

afterEach(() => server.stop());

function notifier(
  over: {
    policy?: 'any' | 'public';
    own?: { address: string; port: number }[];
    resolveSecret?: (text: string) => Promise<string>;
  } = {},
): WebhookNotifier {
  return new WebhookNotifier({
    clock,
    egress: { policy: over.policy ?? 'any', ownListeners: () => over.own ?? [] },
    resolveSecret: over.resolveSecret ?? ((text) => Promise.resolve(text)),
  });
}

const BODY = '{"type":"alert.firing","alerts":[{"summary":"It’s down."}]}';

describe('a webhook', () => {
  it('is a signed POST of JSON that an independent receiver accepts', async () => {
    const outcome = await notifier().send(
      receiver({ url: server.url('/in?key=a') }),
      'msg_1',
      BODY,
    );
    expect(outcome).toMatchObject({ delivered: true, status: 204, error: null });
    const [got] = server.received;
    if (got === undefined) throw new Error('nothing was received');
    expect([got.method, got.path, got.body]).toEqual(['POST', '/in?key=a', BODY]);
    expect(got.headers['content-type']).toBe('application/json');
    expect(await faultOf(got, SECRET, clock.now() / 1_000)).toBeNull();
    expect(await faultOf({ ...got, body: `${BODY} ` }, SECRET, clock.now() / 1_000)).not.toBeNull();
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(await faultOf(got, other, clock.now() / 1_000)).not.toBeNull();
  });

  it('keeps its id over retries, and is dated and signed anew', async () => {
    server.answers.push(status(500));
    const to = receiver({ url: server.url() });
    expect((await notifier().send(to, 'msg_1', BODY)).error).toBe('The receiver answered 500.');
    await clock.advance(400_000);
    await notifier().send(to, 'msg_1', BODY);
    const [first, second] = server.received;
    if (first === undefined || second === undefined) throw new Error('not received twice');
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
    expect(await faultOf(second, SECRET, clock.now() / 1_000)).toBeNull();
    expect(await faultOf(first, SECRET, clock.now() / 1_000)).toBe('too old');
  });

  it('is signed with what a reference leads to', async () => {
    const resolveSecret = (text: string): Promise<string> =>
      Promise.resolve(text === '${env:HOOK}' ? SECRET : 'none');
    const to = receiver({ url: server.url(), secret: '${env:HOOK}' });
    await notifier({ resolveSecret }).send(to, 'msg_1', BODY);
    const [got] = server.received;
    if (got === undefined) throw new Error('nothing was received');
    expect(await faultOf(got, SECRET, clock.now() / 1_000)).toBeNull();
  });

  it.each([
    [302, { location: '/elsewhere' }, 'redirects are not followed', false],
    [410, {}, 'answered 410', true],
    [404, {}, 'answered 404', false],
    [503, {}, 'answered 503', false],
  ])('answered with %i is not delivered', async (code, headers, error, gone) => {
    server.answers.push(status(code, headers));
    const outcome = await notifier().send(receiver({ url: server.url() }), 'msg_1', BODY);
    expect(outcome).toMatchObject({ delivered: false, status: code, gone });
    expect(outcome.error).toContain(error);
    expect(server.received).toHaveLength(1);
  });

  it('is kept back as long as the receiver asks, in seconds or by date', async () => {
    const date = new Date(clock.now() + 90_000).toUTCString();
    server.answers.push(
      status(429, { 'retry-after': '7' }),
      status(503, { 'retry-after': date }),
      status(503, { 'retry-after': 'soon' }),
    );
    const waits: (number | null)[] = [];
    for (let at = 0; at < 3; at += 1) {
      const outcome = await notifier().send(receiver({ url: server.url() }), 'msg_1', BODY);
      waits.push(outcome.retry_after_ms);
    }
    expect(waits).toEqual([7_000, 90_000, null]);
  });

  it('is given up after 10 s without an answer', async () => {
    server.answers.push(silence);
    const arrived = server.next();
    const sent = notifier().send(receiver({ url: server.url() }), 'msg_1', BODY);
    await arrived;
    await clock.advance(10_000);
    expect(await sent).toMatchObject({
      delivered: false,
      error: 'No answer within 10000 ms.',
      duration_ms: 10_000,
    });
  });

  it('does not wait for a body that never ends', async () => {
    server.answers.push((response) => {
      response.writeHead(200);
      response.write('and so on');
    });
    const outcome = await notifier().send(receiver({ url: server.url() }), 'msg_1', BODY);
    expect(outcome).toMatchObject({ delivered: true, status: 200 });
  });
});

describe('what is never connected to', () => {
  it.each([
    ['the metadata service', 'http://169.254.169.254/latest', 'any'],
    ['loopback, where only public addresses are allowed', 'http://127.0.0.1:9/', 'public'],
    ['a name that leads to loopback, likewise', 'http://localhost:9/', 'public'],
  ] as const)('%s', async (_what, url, policy) => {
    const outcome = await notifier({ policy }).send(receiver({ url }), 'msg_1', BODY);
    expect(outcome).toMatchObject({ delivered: false, status: null });
    expect(outcome.error).toContain('not allowed');
  });

  it('the gateway itself', async () => {
    const own = [{ address: '127.0.0.1', port: server.port }];
    const outcome = await notifier({ own }).send(receiver({ url: server.url() }), 'msg_1', BODY);
    expect(outcome.error).toContain('this gateway itself');
    expect(server.received).toEqual([]);
  });
});

describe('what cannot be sent', () => {
  it('says that nothing listens, without the path of the URL', async () => {
    const url = server.url('/hush-hush');
    await server.stop();
    const outcome = await notifier().send(receiver({ url }), 'msg_1', BODY);
    expect(outcome.error).toContain('Nothing accepts connections');
    expect(JSON.stringify(outcome)).not.toContain('hush');
    server = await WebhookReceiver.start();
  });

  it('says which reference leads nowhere', async () => {
    const resolveSecret = (): Promise<string> =>
      Promise.reject(configProblems['secret-missing']('${env:HOOK}: there is no such variable.'));
    const to = receiver({ url: server.url(), secret: '${env:HOOK}' });
    const outcome = await notifier({ resolveSecret }).send(to, 'msg_1', BODY);
    expect(outcome.error).toBe('${env:HOOK}: there is no such variable.');
    expect(server.received).toEqual([]);
  });

  it('does not show a secret of the wrong form', async () => {
    const resolveSecret = (): Promise<string> => Promise.resolve('hush-hush');
    const outcome = await notifier({ resolveSecret }).send(receiver(), 'msg_1', BODY);
    expect(outcome.error).toContain('whsec_');
    expect(JSON.stringify(outcome)).not.toContain('hush');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AlertDeliveriesController } from '../../../src/alerts/alert-deliveries.controller.js';
import { AlertsController } from '../../../src/alerts/alerts.controller.js';
import { AlertsService } from '../../../src/alerts/alerts.service.js';
import type { Notification } from '../../../src/alerts/notification.js';
import { WebhookNotifier } from '../../../src/alerts/webhook.notifier.js';
import { LOCAL_PRINCIPAL } from '../../../src/auth/local.authenticator.js';
import type { Principal } from '../../../src/auth/principal.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { ProblemFilter } from '../../../src/observability/problem.filter.js';
import { SECRET } from '../../support/alert-fixture.js';
import { AlertWorld } from '../../transcripts/alert-world.js';
import { faultOf, status, WebhookReceiver } from './webhook-receiver.js';

const GEO: Principal = { ...LOCAL_PRINCIPAL, id: 'geo', services: ['geo-*'] };
const DISK = 'StorageReadOnly';

let app: NestExpressApplication;
let world: AlertWorld;
let server: WebhookReceiver;
let base: string;
let principal: Principal = LOCAL_PRINCIPAL;

/** The service of the present world, whichever that is. */
const current = new Proxy({} as AlertsService, {
  get: (_target, name) => {
    const { alerts } = world;
    const member: unknown = Reflect.get(alerts, name);
    return typeof member === 'function' ? (member as () => unknown).bind(alerts) : member;
  },
});

beforeAll(async () => {
  server = await WebhookReceiver.start();
  world = newWorld();
  const testing = await Test.createTestingModule({
    controllers: [AlertDeliveriesController, AlertsController],
    providers: [{ provide: AlertsService, useFactory: () => current }],
  }).compile();
  app = testing.createNestApplication<NestExpressApplication>();
  app.use((request: object, _response: object, next: () => void) => {
    Object.assign(request, { principal, request_id: 'r1' });
    next();
  });
  app.useGlobalFilters(new ProblemFilter(new SilentLogger()));
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  base = `http://127.0.0.1:${String(port)}/api/v1/alerts`;
});

afterAll(async () => {
  await app.close();
  await server.stop();
});

beforeEach(async () => {
  principal = LOCAL_PRINCIPAL;
  server.received.length = 0;
  world = newWorld();
  await world.open();
  world.addReceiver('on-call', { url: server.url() });
  world.register('weather', { needs: [], alerts: { hold_intervals: 0 }, webhook: false });
  world.register('geo-a', { needs: [], alerts: { hold_intervals: 0 }, webhook: true });
});

function newWorld(): AlertWorld {
  const send: WebhookNotifier['send'] = (...parameters) =>
    new WebhookNotifier({
      clock: world.clock,
      egress: { policy: 'any', ownListeners: () => [] },
      resolveSecret: (text) => Promise.resolve(text),
    }).send(...parameters);
  return new AlertWorld({ send });
}

type Json = Record<string, unknown>;
type List = { items: Json[]; total: number; next_cursor: string | null; dropped?: number };

async function send(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Json }> {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
}

async function list(query = ''): Promise<List> {
  return (await send('GET', query)).body as unknown as List;
}

/** The sender is as real as the receiver: what comes of an attempt is known a moment after it was received. */
async function listOnce(query: string, isSo: (found: List) => boolean): Promise<List> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const found = await list(query);
    if (isSo(found)) return found;
  }
  throw new Error(`${query} did not become what it should`);
}

async function fire(name: string): Promise<string> {
  world.be(name, {}, { level: 'unhealthy', reason: 'PingFailed', summary: 'It is silent.' });
  await world.advance(1_000);
  const { items } = await list(`?service=${name}`);
  return String(items[0]?.['alert_id']);
}

describe('GET /alerts', () => {
  it('lists, filters and pages', async () => {
    await fire('weather');
    await fire('geo-a');
    world.store.condition = 'read-only';
    await world.advance(60_000);
    expect((await list()).items.map(({ rule, name }) => `${String(rule)} ${String(name)}`)).toEqual(
      [`${DISK} gateway`, 'ServiceUnhealthy geo-a', 'ServiceUnhealthy weather'],
    );
    for (const [query, total] of [
      ['?state=firing', 3],
      ['?state=resolved', 0],
      ['?severity=critical&q=silent', 2],
      ['?rule=StorageReadOnly', 1],
      ['?service=weather', 1],
    ] as const) {
      expect([query, (await list(query)).total]).toEqual([query, total]);
    }
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${String(first.next_cursor)}`);
    expect([first.items.length, second.items.length, second.next_cursor]).toEqual([2, 1, null]);
  });

  it('shows an alert as the health of its service is now', async () => {
    const id = await fire('weather');
    world.be('weather', {}, { level: 'unhealthy', reason: 'Exited', summary: 'It ended.' });
    const { body } = await send('GET', `/${id}`);
    expect(body).toMatchObject({
      alert_id: id,
      rule: 'ServiceUnhealthy',
      severity: 'critical',
      state: 'firing',
      service_id: 'weather',
      reason: 'Exited',
      summary: 'It ended.',
      acknowledged: null,
      inhibited_by: null,
    });
  });

  it.each([
    ['?state=loud', '#query/state'],
    ['?limit=0', '#query/limit'],
    ['?colour=red', '#query/colour'],
    ['?cursor=x', '#query/cursor'],
  ])('refuses %s', async (query, pointer) => {
    const { status: code, body } = await send('GET', query);
    expect([code, body['code']]).toEqual([400, 'alerts.query-invalid']);
    expect(body['errors']).toMatchObject([{ pointer }]);
  });

  it('does not know what there is not', async () => {
    const { status: code, body } = await send('GET', '/00000000-0000-4000-8000-000000000000');
    expect([code, body['code']]).toEqual([404, 'alerts.unknown']);
  });
});

describe('acknowledging', () => {
  it('says who, until when and why, and is taken back', async () => {
    const id = await fire('weather');
    const until = new Date(world.clock.now() + 60_000).toISOString();
    const done = await send('POST', `/${id}/acknowledge`, { note: 'on it', until });
    expect(done.status).toBe(200);
    expect(done.body['acknowledged']).toMatchObject({ by: 'local', note: 'on it', until });
    const back = await send('POST', `/${id}/unacknowledge`);
    expect([back.status, back.body['acknowledged']]).toEqual([200, null]);
    const metas = (await world.store.changesSince(0)).map(({ meta }) => meta);
    expect(metas.filter(({ actor }) => actor === 'local')).toMatchObject([
      { source: 'api', verb: 'alert.acknowledge', subject: id, request_id: 'r1' },
      { verb: 'alert.unacknowledge' },
    ]);
  });

  it('is refused where it makes no sense', async () => {
    const id = await fire('weather');
    for (const until of [
      '2020-01-01T00:00:00Z',
      '2030-01-01T00:00:60Z',
      '2030-W01',
      '2030-01-01',
    ]) {
      const late = await send('POST', `/${id}/acknowledge`, { until });
      expect([until, late.status, late.body['code']]).toEqual([until, 422, 'alerts.body-invalid']);
    }
    const odd = await send('POST', `/${id}/acknowledge`, { until: 'soon', who: 'me' });
    expect(odd.body['errors']).toMatchObject([{ pointer: '/who' }, { pointer: '/until' }]);
    world.be('weather', {}, {});
    await world.advance(2_000);
    const over = await send('POST', `/${id}/acknowledge`, {});
    expect([over.status, over.body['code']]).toEqual([409, 'alerts.not-firing']);
  });
});

describe('notifications', () => {
  it('reach the receiver signed, with what the API shows', async () => {
    const id = await fire('weather');
    const arrived = server.next();
    await world.advance(31_000);
    await arrived;
    const [got] = server.received;
    if (got === undefined) throw new Error('nothing was received');
    expect(await faultOf(got, SECRET, world.clock.now() / 1_000)).toBeNull();
    const { type, receiver, alerts } = JSON.parse(got.body) as Notification;
    expect([type, receiver]).toEqual(['alert.firing', 'on-call']);
    expect(alerts).toMatchObject([
      {
        alert_id: id,
        summary: 'It is silent.',
        links: { alert: `http://gw/api/v1/alerts/${id}` },
      },
    ]);
    expect(got.body).not.toContain('whsec_');
  });

  it('are listed until they are delivered, sent again when dead, and given up', async () => {
    server.answers.push(status(410));
    await fire('weather');
    expect((await list('/deliveries')).items).toMatchObject([
      { receiver: 'on-call', type: 'alert.firing', state: 'pending', attempts: 0 },
    ]);
    const refused = server.next();
    await world.advance(31_000);
    await refused;
    const { items, dropped } = await listOnce('/deliveries?state=dead', ({ total }) => total > 0);
    expect(items).toMatchObject([{ state: 'dead', next_at: null, attempts: 1 }]);
    expect(dropped).toBe(0);
    const id = String(items[0]?.['delivery_id']);
    const again = server.next();
    expect((await send('POST', `/deliveries/${id}/resend`)).status).toBe(202);
    expect((await send('POST', `/deliveries/${id}/resend`)).body['code']).toBe(
      'alerts.delivery-not-dead',
    );
    await world.advance(1_000);
    await again;
    await listOnce('/deliveries', ({ total }) => total === 0);
    const [first, second] = server.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  it('are given up for good by DELETE', async () => {
    await fire('weather');
    const id = String((await list('/deliveries')).items[0]?.['delivery_id']);
    expect((await send('DELETE', `/deliveries/${id}`)).status).toBe(204);
    expect((await send('DELETE', `/deliveries/${id}`)).body['code']).toBe(
      'alerts.delivery-unknown',
    );
    await world.advance(40_000);
    expect(server.received).toEqual([]);
  });

  it('can be tried out', async () => {
    server.answers.push(status(500));
    const failed = await send('POST', '/test', { receiver: 'on-call' });
    expect(failed.body).toMatchObject({
      receiver_id: 'gateway:on-call',
      delivered: false,
      status: 500,
      error: 'The receiver answered 500.',
    });
    const done = await send('POST', '/test', { receiver: 'gateway:on-call' });
    expect([done.status, done.body['delivered']]).toEqual([200, true]);
    expect(JSON.parse(server.received[1]?.body ?? '{}')).toMatchObject({
      type: 'alert.test',
      alerts: [],
    });
    const nobody = await send('POST', '/test', { receiver: 'nobody' });
    expect([nobody.status, nobody.body['code']]).toEqual([404, 'alerts.receiver-unknown']);
    expect((await send('POST', '/test', {})).body['code']).toBe('alerts.body-invalid');
  });

  it('have receivers, whose keys are not shown', async () => {
    const { body } = await send('GET', '/receivers');
    expect((body as unknown as List).items).toMatchObject([
      { receiver_id: 'gateway:on-call', origin: `http://127.0.0.1:${String(server.port)}` },
      { name: 'geo-a#0', service_id: 'geo-a', origin: 'https://geo-a.example' },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/whsec_|\/hook/);
  });
});

describe('a key with patterns', () => {
  it('sees and touches what is of its services alone', async () => {
    const other = await fire('weather');
    const own = await fire('geo-a');
    principal = GEO;
    expect((await list()).items.map(({ name }) => name)).toEqual(['geo-a']);
    expect((await send('GET', `/${other}`)).status).toBe(404);
    expect((await send('POST', `/${other}/acknowledge`, {})).status).toBe(404);
    expect((await send('POST', `/${own}/acknowledge`, {})).status).toBe(200);
    const { items } = await list('/deliveries');
    expect(items.map(({ receiver }) => receiver)).toEqual(['geo-a#0']);
    const { body } = await send('GET', '/receivers');
    expect((body as unknown as List).items.map(({ name }) => name)).toEqual(['geo-a#0']);
    expect((await send('POST', '/test', { receiver: 'on-call' })).status).toBe(404);
  });
});

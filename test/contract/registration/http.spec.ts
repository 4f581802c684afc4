import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { LOCAL_PRINCIPAL } from '../../../src/auth/local.authenticator.js';
import { WebhookSignatures } from '../../../src/auth/webhook-signature.js';
import { HookCallerGuard } from '../../../src/hooks/hook-caller.guard.js';
import { ManifestIntake } from '../../../src/hooks/manifest-intake.js';
import { WrapperGeneratedController } from '../../../src/hooks/wrapper-generated.controller.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { ProblemFilter } from '../../../src/observability/problem.filter.js';
import { IdempotencyInterceptor } from '../../../src/registration/idempotency.interceptor.js';
import { IdempotentRequests } from '../../../src/registration/idempotency.js';
import {
  createRegistration,
  RegistrationService,
} from '../../../src/registration/registration.service.js';
import { ServiceCommandsController } from '../../../src/registration/service-commands.controller.js';
import { ServicesController } from '../../../src/registration/services.controller.js';
import { WriteAnswerInterceptor } from '../../../src/registration/write-answer.interceptor.js';
import { MemoryStore } from '../../../src/storage/memory.store.js';
import { FakeControlPlane } from '../../support/fake-control-plane.js';
import { ManualClock } from '../../support/manual-clock.js';

const SCRIPT = '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b10';
const SECRET = { id: 'gen', key: Buffer.alloc(32, 7) };

let app: NestExpressApplication;
let base: string;
let anonymous = false;
const plane = new FakeControlPlane();
const clock = new ManualClock();

beforeAll(async () => {
  const store = new MemoryStore(clock);
  await store.open();
  const registration = createRegistration(plane, clock, new SilentLogger());
  const requests = new IdempotentRequests(store, clock, new SilentLogger());
  const testing = await Test.createTestingModule({
    controllers: [ServicesController, ServiceCommandsController, WrapperGeneratedController],
    providers: [
      HookCallerGuard,
      { provide: WebhookSignatures, useValue: new WebhookSignatures(() => [SECRET], clock) },
      { provide: RegistrationService, useValue: registration },
      { provide: IdempotentRequests, useValue: requests },
      { provide: ManifestIntake, useValue: new ManifestIntake(registration) },
      { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
      { provide: APP_INTERCEPTOR, useClass: WriteAnswerInterceptor },
    ],
  }).compile();
  app = testing.createNestApplication<NestExpressApplication>({ rawBody: true });
  app.useBodyParser('json', { type: ['application/json', 'application/merge-patch+json'] });
  app.use((request: object, _response: object, next: () => void) => {
    Object.assign(request, { principal: anonymous ? null : LOCAL_PRINCIPAL, request_id: 'r1' });
    next();
  });
  app.useGlobalFilters(new ProblemFilter(new SilentLogger()));
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  base = `http://127.0.0.1:${String(port)}/api/v1`;
});

afterAll(() => app.close());

beforeEach(() => {
  plane.reset();
  anonymous = false;
});

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

describe('writes over HTTP', () => {
  it('create, update, patch, roll back and delete with ETags and preferences', async () => {
    const created = await send('POST', '/services', { name: 'a' }, { prefer: 'wait=5' });
    expect([created.status, created.body['outcome']]).toEqual([201, 'created']);
    expect(created.headers.get('location')).toBe('/api/v1/services/new-1');
    expect(created.headers.get('preference-applied')).toBe('wait=5');
    const etag = created.headers.get('etag') ?? '';

    expect((await send('PUT', '/services/a', { name: 'a', version: '2.0.0' })).status).toBe(428);
    const put = await send(
      'PUT',
      '/services/a',
      { name: 'a', version: '2.0.0' },
      { 'if-match': etag },
    );
    expect([put.status, put.body['version'], put.body['outcome']]).toEqual([
      200,
      '2.0.0',
      'updated',
    ]);
    const patch = await send(
      'PATCH',
      '/services/a',
      { version: '3.0.0' },
      {
        'if-match': put.headers.get('etag') ?? '',
        'content-type': 'application/merge-patch+json',
      },
    );
    expect([patch.status, patch.body['version']]).toEqual([200, '3.0.0']);
    const back = await send('POST', '/services/a/rollback', { revision: 1 });
    expect([back.status, back.body['version'], back.body['revision']]).toEqual([200, '1.0.0', 4]);

    const gone = await send('DELETE', '/services/a', undefined, {
      'if-match': back.headers.get('etag') ?? '',
    });
    expect([gone.status, gone.body]).toEqual([204, {}]);
    expect((await send('POST', '/services/new-1/restore')).status).toBe(200);
  });

  it.each(['activate', 'deactivate', 'restart', 'validate'])('%s answers 200', async (verb) => {
    plane.seed('a');
    const answer = await send('POST', `/services/a/${verb}`);
    expect(answer.status).toBe(200);
  });

  it('answer 202 with a location while an activation is under way', async () => {
    plane.settlements.push('slow');
    const answer = await send('POST', '/services', { name: 'a' }, { prefer: 'respond-async' });
    expect([answer.status, answer.body['outcome']]).toEqual([202, 'pending']);
    expect(answer.headers.get('location')).toBe('/api/v1/services/new-1');
  });

  it('refuse parameters that mean nothing', async () => {
    expect((await send('POST', '/services?force=true', { name: 'a' })).status).toBe(400);
    expect((await send('POST', '/services?dry_run=true', { name: 'a' })).body['would']).toBe(
      'create',
    );
  });
});

describe('Idempotency-Key over HTTP', () => {
  it('repeats status, headers and body, and runs once', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await send('POST', '/services', { name: 'a' }, headers);
    const again = await send('POST', '/services', { name: 'a' }, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    for (const name of ['etag', 'location']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(plane.calls).toEqual(['create a']);
  });

  it('runs once when both come at once', async () => {
    const headers = { 'idempotency-key': 'k-2' };
    const both = await Promise.all([
      send('POST', '/services', { name: 'a' }, headers),
      send('POST', '/services', { name: 'a' }, headers),
    ]);
    expect(both.map((each) => each.status)).toEqual([201, 201]);
    expect(plane.calls).toEqual(['create a']);
  });

  it('repeats a refusal, and refuses another body', async () => {
    const headers = { 'idempotency-key': 'k-3' };
    plane.settlements.push('fail');
    const first = await send('POST', '/services', { name: 'a' }, headers);
    const again = await send('POST', '/services', { name: 'a' }, headers);
    expect([first.status, again.status]).toEqual([422, 422]);
    expect(again.body).toEqual(first.body);
    const other = await send('POST', '/services', { name: 'b' }, headers);
    expect(other.body['code']).toBe('registration.idempotency-mismatch');
  });

  it('takes a dry run for another request than the change', async () => {
    const headers = { 'idempotency-key': 'k-4' };
    expect((await send('POST', '/services?dry_run=true', { name: 'a' }, headers)).status).toBe(200);
    expect((await send('POST', '/services', { name: 'a' }, headers)).status).toBe(201);
  });

  it('is refused when it is no key', async () => {
    const answer = await send('POST', '/services', { name: 'a' }, { 'idempotency-key': 'a b' });
    expect(answer.status).toBe(400);
  });
});

describe('the hook over HTTP', () => {
  const manifest = { script_id: SCRIPT, name: 'w', wrapper: { command: 'node', args: ['w.mjs'] } };

  function signed(body: string, id: string): Record<string, string> {
    const timestamp = String(Math.floor(clock.now() / 1000));
    const text = `${id}.${timestamp}.${body}`;
    const signature = createHmac('sha256', SECRET.key).update(text).digest('base64');
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    };
  }

  it('registers, changes nothing, then makes a revision', async () => {
    const path = '/hooks/wrapper-generated';
    const first = await send('POST', path, manifest);
    const same = await send('POST', path, manifest);
    const next = await send('POST', path, { ...manifest, version: '2.0.0' });
    expect([first, same, next].map((each) => [each.status, each.body['outcome']])).toEqual([
      [201, 'created'],
      [200, 'unchanged'],
      [200, 'updated'],
    ]);
  });

  it('takes a signature in place of a key, over the bytes as they were sent', async () => {
    anonymous = true;
    const body = JSON.stringify(manifest, null, 3);
    const answer = await send('POST', '/hooks/wrapper-generated', body, signed(body, 'm1'));
    expect(answer.status).toBe(201);
  });

  it('refuses a caller with neither, a bad signature and a replay', async () => {
    const path = '/hooks/wrapper-generated';
    const body = JSON.stringify(manifest);
    const bad = { ...signed(body, 'm2'), 'webhook-signature': 'v1,AAAA' };
    expect((await send('POST', path, body, bad)).status).toBe(401);
    anonymous = true;
    expect((await send('POST', path, body)).status).toBe(401);
    const good = signed(body, 'm3');
    expect((await send('POST', path, body, good)).status).toBe(201);
    expect((await send('POST', path, body, good)).body['code']).toBe('auth.signature-replayed');
  });

  it('answers each server of a client file', async () => {
    const mcpServers = { One: { command: 'node' }, two: { url: 'https://x.example/mcp' } };
    const answer = await send('POST', '/hooks/wrapper-generated', { mcpServers });
    expect(answer.status).toBe(201);
    expect(answer.body['items']).toMatchObject([
      { name: 'One', status: 201, service: { name: 'one' } },
      { name: 'two', status: 201, service: { name: 'two' } },
    ]);
  });
});

describe('the OpenAPI document', () => {
  it('describes every write with its answers', () => {
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const written = Object.entries(document.paths).flatMap(([path, item]) =>
      (['post', 'put', 'patch', 'delete'] as const).flatMap((method) =>
        item[method] === undefined ? [] : [{ path, operation: item[method] }],
      ),
    );
    expect(written).toHaveLength(11);
    for (const { path, operation } of written) {
      expect([path, operation.summary !== undefined, operation.operationId]).toEqual([
        path,
        true,
        expect.any(String),
      ]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403']));
    }
  });
});

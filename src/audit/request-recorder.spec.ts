import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import type { Principal } from '../auth/principal.js';
import { noteProblem } from '../observability/answered-problem.js';
import type { CommitRecord } from '../storage/record-store.js';
import type { Attempt } from './attempt-record.js';
import { RequestRecorder } from './request-recorder.js';

const ALICE: Principal = { id: 'alice', kind: 'key', scopes: new Set(), services: null };
const ROUTES = [
  { method: 'POST', template: '/api/v1/services' },
  { method: 'GET', template: '/api/v1/services/{id}' },
  { method: 'POST', template: '/api/v1/services/{id}/restart' },
  { method: 'POST', template: '/api/v1/services/{id}/tools/{tool}' },
  { method: 'DELETE', template: '/api/v1/routes/{route_id}' },
];

class FakeResponse extends EventEmitter {
  statusCode = 200;
  writableFinished = true;
  readonly headers = new Map<string, string>();
  getHeader(name: string): string | undefined {
    return this.headers.get(name);
  }
}

describe('RequestRecorder', () => {
  let clock: ManualClock;
  let recorded: Attempt[];
  let recorder: RequestRecorder;

  beforeEach(() => {
    clock = new ManualClock();
    recorded = [];
    recorder = new RequestRecorder({
      clock,
      record: (attempt) => recorded.push(attempt),
      routes: () => ROUTES,
      authenticate: () => null,
      serviceId: (name) => (name === 'weather' ? 'id-1' : null),
      isOwn: (requestId) => requestId === 'self',
    });
  });

  function begin(
    method: string,
    url: string,
    change: Partial<AdmittedRequest> = {},
  ): { response: FakeResponse; end: (status: number, code?: string) => void } {
    const response = new FakeResponse();
    const request = { method, url, headers: {}, request_id: 'r1', principal: ALICE, ...change };
    const typed = response as unknown as ServerResponse;
    recorder.begin(request as unknown as AdmittedRequest, typed);
    return {
      response,
      end: (status, code) => {
        response.statusCode = status;
        if (code !== undefined) noteProblem(typed, code);
        response.emit('finish');
        response.emit('close');
      },
    };
  }

  const commit = (revision: number, request_id = 'r1', verb = 'service.create'): CommitRecord => ({
    revision,
    at: '',
    meta: { actor: 'alice', source: 'api', verb, subject: `s${revision}`, request_id },
    changes: [],
  });

  it('leaves a change to its commit', () => {
    const { end } = begin('POST', '/api/v1/services');
    recorder.hearCommit(commit(4));
    end(201);
    expect(recorded).toEqual([]);
  });

  it('records what succeeded and committed nothing', () => {
    begin('POST', '/api/v1/services/weather/restart').end(200);
    expect(recorded).toEqual([
      {
        at: clock.timestamp(),
        outcome: 'done',
        actor: 'alice',
        source: 'api',
        verb: 'service.restart',
        route: 'POST /api/v1/services/{id}/restart',
        subject: 'id-1',
        status: 200,
        code: null,
        request_id: 'r1',
        count: 1,
      },
    ]);
  });

  it('records what failed, with what it had committed by then', () => {
    const { end } = begin('POST', '/api/v1/services');
    recorder.hearCommit(commit(4));
    recorder.hearCommit(commit(5, 'another'));
    end(422, 'lifecycle.activation-failed');
    expect(recorded).toMatchObject([
      {
        outcome: 'failed',
        code: 'lifecycle.activation-failed',
        subject: 's4',
        commits: [{ revision: 4, verb: 'service.create', subject: 's4' }],
      },
    ]);
  });

  it('makes one entry of several commits', () => {
    const { end } = begin('DELETE', '/api/v1/routes/abc');
    recorder.hearCommit(commit(4));
    recorder.hearCommit(commit(5));
    end(204);
    expect(recorded).toMatchObject([
      {
        outcome: 'done',
        verb: 'route.delete',
        subject: 'abc',
        commits: [{ revision: 4 }, { revision: 5 }],
      },
    ]);
  });

  it.each([
    ['GET', '/api/v1/services/weather', 401, 'auth.credentials-missing', 'service.read'],
    ['POST', '/api/v1/services', 403, 'auth.scope-missing', 'service.create'],
    ['POST', '/api/v1/services/x/restart', 404, 'auth.service-unknown', 'service.restart'],
    ['POST', '/api/v1/services/weather/tools/echo', 403, 'auth.scope-missing', 'tool.call'],
    ['GET', '/docs', 401, undefined, 'request'],
  ])('records a denied %s %s', (method, url, status, code, verb) => {
    begin(method, url, { principal: null }).end(status, code);
    expect(recorded).toMatchObject([{ outcome: 'denied', actor: 'anonymous', status, verb }]);
  });

  it.each([
    ['GET', '/api/v1/services/weather', 404, 'registry.unknown'],
    ['POST', '/api/v1/services/weather/tools/echo', 422, 'discovery.arguments-invalid'],
    ['POST', '/api/v1/services/weather/tools/echo', 403, 'gateway.tool-denied'],
    ['POST', '/api/v1/nothing', 404, 'http.not-found'],
  ])('records nothing of %s %s answered %d %s', (method, url, status, code) => {
    begin(method, url).end(status, code);
    expect(recorded).toEqual([]);
  });

  it('says of a dry run and of a repeated answer that it was one', () => {
    begin('POST', '/api/v1/services?dry_run=true').end(200);
    const repeated = begin('POST', '/api/v1/services');
    repeated.response.headers.set('idempotency-replayed', 'true');
    repeated.end(201);
    expect(recorded.map(({ reason }) => reason)).toEqual(['dry run', 'answer repeated']);
  });

  it('waits for the commit of a caller that has left', async () => {
    const first = begin('POST', '/api/v1/services');
    first.response.writableFinished = false;
    first.response.emit('close');
    recorder.hearCommit(commit(4));
    const second = begin('POST', '/api/v1/services/weather/restart', { request_id: 'r2' });
    second.response.writableFinished = false;
    second.response.emit('close');
    await clock.advance(120_000);
    expect(recorded).toMatchObject([
      {
        request_id: 'r2',
        outcome: 'failed',
        status: 499,
        reason: 'the caller left before the answer',
      },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('records nothing of what the gateway asks of itself', () => {
    recorder.hearDenial({
      actor: null,
      method: 'POST',
      route: '/mcp/{service}',
      subject: '/mcp/weather',
      status: 403,
      code: 'auth.origin-refused',
      request_id: 'self',
    });
    expect(recorded).toEqual([]);
  });

  it('records denials of the data plane, and what the door of the management API refused', () => {
    const message = { actor: 'bob', tool: null, code: 'auth.x', request_id: 'r9' };
    recorder.hearDenial({
      ...message,
      method: 'POST',
      route: '/mcp/{service}',
      subject: '/mcp/weather',
      status: 401,
    });
    recorder.hearDenial({
      ...message,
      method: null,
      route: 'tools/call',
      subject: 'id-1',
      tool: 'rm',
      status: 403,
    });
    recorder.hearDenial({
      ...message,
      method: 'POST',
      route: '/{path}',
      subject: '/api/v1/services',
      status: 415,
    });
    recorder.hearDenial({
      ...message,
      method: 'GET',
      route: '/{path}',
      subject: '/api/v1/services/a',
      status: 400,
    });
    recorder.hearDenial({
      ...message,
      method: 'GET',
      route: '/{path}',
      subject: '/any',
      status: 403,
    });
    recorder.hearDenial('not ours');
    expect(
      recorded.map(({ outcome, source, verb, route, subject }) => [
        outcome,
        source,
        verb,
        route,
        subject,
      ]),
    ).toEqual([
      ['denied', 'mcp', 'mcp.connect', 'POST /mcp/{service}', 'id-1'],
      ['denied', 'mcp', 'tool.call', 'tools/call', 'id-1'],
      ['failed', 'api', 'service.create', 'POST /api/v1/services', null],
      ['denied', 'api', 'request', 'GET /{path}', null],
    ]);
    expect(recorded[1]).toMatchObject({ tool: 'rm', actor: 'bob', request_id: 'r9' });
  });
});

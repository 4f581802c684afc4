import { describe, expect, it } from '@jest/globals';
import { RPC } from '../protocol/rpc-error.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import type { Endpoint } from './endpoint.js';
import {
  outcomeOfError,
  problemOfRefusal,
  problemOfUpstream,
  retryAfterS,
  rpcErrorOf,
  unavailableError,
} from './wire-error.js';
import { RpcError } from '../protocol/rpc-error.js';

const ENDPOINT = { serviceId: 'id-1', serviceName: 'x' } as unknown as Endpoint;

describe('an upstream error at the wire', () => {
  it.each<[UpstreamErrorCode, number, number, string, number, string]>([
    ['capacity', RPC.limited, 503, 'gateway.busy', 503, 'failed'],
    ['retired', RPC.unavailable, 503, 'gateway.unavailable', 503, 'failed'],
    ['crash-loop', RPC.unavailable, 503, 'gateway.unavailable', 503, 'failed'],
    ['spawn-failed', RPC.upstreamFailed, 502, 'gateway.upstream-failed', 502, 'failed'],
    ['connect-refused', RPC.upstreamFailed, 502, 'gateway.upstream-failed', 502, 'failed'],
    ['start-timeout', RPC.upstreamFailed, 504, 'gateway.upstream-timeout', 504, 'timeout'],
    ['call-timeout', RPC.upstreamFailed, 200, 'gateway.upstream-timeout', 504, 'timeout'],
    ['exited', RPC.upstreamFailed, 200, 'gateway.upstream-failed', 502, 'failed'],
    ['aborted', RPC.upstreamFailed, 200, 'gateway.upstream-failed', 502, 'cancelled'],
    ['session-expired', RPC.unknownSession, 404, 'gateway.upstream-failed', 502, 'failed'],
  ])('%s', (code, rpc, http, problem, status, outcome) => {
    const error = new UpstreamError(code, 'Why');
    const wire = rpcErrorOf(error, ENDPOINT);
    expect([wire.code, wire.httpStatus]).toEqual([rpc, http]);
    const rest = problemOfUpstream(error, ENDPOINT);
    expect([rest.code, rest.status]).toEqual([problem, status]);
    expect(outcomeOfError(code)).toBe(outcome);
  });

  it('keeps number, text and data of the upstream’s own error', () => {
    const rpc = { code: -32042, message: 'own', data: { a: 1 } };
    const error = new UpstreamError('rpc-error', 'wrapped', { rpc });
    expect(rpcErrorOf(error, ENDPOINT)).toMatchObject({ ...rpc, httpStatus: 200 });
    expect(problemOfUpstream(error, ENDPOINT)).toMatchObject({ status: 422, message: 'own' });
  });

  it('says whether the call may have run, and assumes that it may', () => {
    const may = (mayHaveRun?: boolean): unknown =>
      rpcErrorOf(new UpstreamError('exited', 'Why', { mayHaveRun }), ENDPOINT).data;
    expect([may(), may(false)]).toMatchObject([{ may_have_run: true }, { may_have_run: false }]);
  });

  it('shows neither stderr nor causes', () => {
    const error = new UpstreamError('exited', 'Why', {
      stderr: ['secret line'],
      cause: new Error('inner'),
    });
    expect(JSON.stringify(rpcErrorOf(error, ENDPOINT).data)).not.toMatch(/secret|inner/);
  });
});

describe('a refusal', () => {
  it('names service, state and reason, and when to come back', () => {
    const error = unavailableError('x', {
      state: 'error',
      reason: 'R',
      message: 'M',
      retry_after_s: 3,
    });
    expect(error).toMatchObject({
      code: RPC.unavailable,
      httpStatus: 503,
      data: { service: 'x', state: 'error', reason: 'R' },
    });
    expect(problemOfRefusal(error)).toMatchObject({
      code: 'gateway.unavailable',
      details: { retry_after_s: 3 },
    });
  });

  it.each([
    [RPC.denied, 200, 'gateway.tool-denied'],
    [RPC.limited, 429, 'gateway.limited'],
    [RPC.limited, 503, 'gateway.busy'],
  ])('%i with HTTP %i is %s over REST', (code, status, problem) => {
    expect(problemOfRefusal(new RpcError(code, 'm', { reason: 'r' }, status)).code).toBe(problem);
  });

  it('has a retry time of whole seconds, where it has one', () => {
    const of = (data?: unknown): number | null => retryAfterS(new RpcError(1, 'm', data));
    expect([
      of(),
      of(null),
      of({ retry_after_s: 'x' }),
      of({ retry_after_s: 0.2 }),
      of({ retry_after_s: 4 }),
    ]).toEqual([null, null, null, 1, 4]);
  });
});

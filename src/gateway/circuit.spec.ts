import { describe, expect, it } from '@jest/globals';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import {
  beginTrial,
  closeCircuit,
  keepAwayMs,
  noteFailure,
  noteNothing,
  noteSuccess,
} from './circuit.js';
import { DEFAULT_FLOW, type Endpoint, type FlowLimits } from './endpoint.js';
import { EndpointLoad } from './endpoint-load.js';

function endpoint(flow: FlowLimits = DEFAULT_FLOW): Endpoint {
  return { load: new EndpointLoad(), flow, serviceName: 'x' } as unknown as Endpoint;
}

const error = (code: UpstreamErrorCode, httpStatus?: number): UpstreamError =>
  new UpstreamError(code, 'as asked', httpStatus === undefined ? {} : { httpStatus });

/** Fails `times` in a row, a millisecond each; answers the time after it. */
function failing(at: Endpoint, times: number, fromMs = 1): number {
  let now = fromMs;
  for (let i = 0; i < times; i += 1, now += 1) {
    noteFailure(at, 'tools/call', error('exited'), now, now + 0.5);
  }
  return now;
}

describe('the circuit of an endpoint', () => {
  it.each<[string, UpstreamErrorCode, number | undefined, number]>([
    ['an upstream that ended', 'exited', undefined, 1],
    ['one that cannot be reached', 'connect-refused', undefined, 1],
    ['one that is late', 'call-timeout', undefined, 1],
    ['a gateway before it that has lost it', 'http-status', 502, 1],
    ['a server that fails in itself', 'http-status', 500, 0],
    ['an error that it answered', 'rpc-error', undefined, 0],
    ['credentials that it refuses', 'unauthorized', 401, 0],
    ['a call that its caller gave up', 'aborted', undefined, 0],
    ['a request that came through too many gateways', 'hop-limit', undefined, 0],
    ['an answer that is too long', 'line-too-long', undefined, 0],
    ['want of instances', 'capacity', undefined, 0],
    ['a revision that was replaced', 'retired', undefined, 0],
  ])('counts %s as it should', (_case, code, status, counted) => {
    const at = endpoint();
    noteFailure(at, 'tools/call', error(code, status), 1, 2);
    expect(at.load.failures).toBe(counted);
  });

  it('opens with the fifth failure in a row, and says so once', () => {
    const at = endpoint();
    failing(at, 4);
    expect(noteFailure(at, 'tools/call', error('exited'), 100, 200)).toBe(true);
    expect(noteFailure(at, 'tools/call', error('exited'), 201, 202)).toBe(false);
    expect([keepAwayMs(at, 'tools/call', 200), keepAwayMs(at, 'ping', 200)]).toEqual([5_000, 0]);
    expect(keepAwayMs(at, 'tools/call', 5_200)).toBe(0);
  });

  it('takes failures of calls that were under way together for one', () => {
    const at = endpoint();
    for (let i = 0; i < 20; i += 1) {
      noteFailure(at, 'tools/call', error('exited'), i / 100, 1 + i / 100);
    }
    expect(at.load.failures).toBe(1);
  });

  it('neither opens nor closes by a ping', () => {
    const at = endpoint();
    for (let i = 0; i < 9; i += 1) noteFailure(at, 'ping', error('exited'), i, i);
    expect(at.load.failures).toBe(0);
    failing(at, 5, 20);
    noteSuccess(at, 'ping');
    expect(at.load.failures).toBe(5);
  });

  it.each(['initialize', 'server/discover'])(
    'is closed by an opened conversation (%s), which forgives nothing before it opened',
    (method) => {
      const at = endpoint();
      failing(at, 4);
      noteSuccess(at, method);
      expect(at.load.failures).toBe(4);
      failing(at, 1, 50);
      noteSuccess(at, method);
      expect([at.load.failures, at.load.openUntilMs]).toEqual([0, 0]);
    },
  );

  it('opens for twice as long with each trial that fails, up to five minutes', () => {
    const at = endpoint();
    let now = failing(at, 5);
    const lengths: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      now += 400_000;
      beginTrial(at, now);
      expect(keepAwayMs(at, 'tools/call', now)).toBe(5_000);
      noteFailure(at, 'tools/call', error('exited'), now, now + 1);
      lengths.push(keepAwayMs(at, 'tools/call', now + 1));
    }
    expect(lengths.slice(0, 3)).toEqual([10_000, 20_000, 40_000]);
    expect(lengths.slice(-2)).toEqual([300_000, 300_000]);
    closeCircuit(at);
    failing(at, 5, now + 10);
    expect(at.load.openings).toBe(1);
  });

  it('stays open for as long as was asked for, be it longer than five minutes', () => {
    const at = endpoint({ ...DEFAULT_FLOW, circuitOpenMs: 600_000 });
    const now = failing(at, 5);
    expect(keepAwayMs(at, 'tools/call', now - 0.5)).toBe(600_000);
    beginTrial(at, now);
    noteFailure(at, 'tools/call', error('exited'), now + 1, now + 2);
    expect(keepAwayMs(at, 'tools/call', now + 2)).toBe(600_000);
  });

  it('lets another one try when the trial had a deadline of its caller, which does not count', () => {
    const at = endpoint();
    const now = failing(at, 5) + 5_000;
    beginTrial(at, now);
    const hurried = { ...at, flow: { ...at.flow, circuitFailures: 0 } };
    expect(noteFailure(hurried, 'tools/call', error('call-timeout'), now, now + 50)).toBe(false);
    expect([keepAwayMs(at, 'tools/call', now + 50), at.load.trial]).toEqual([0, false]);
  });

  it('lets another one try when nothing comes of the trial', () => {
    const at = endpoint();
    const now = failing(at, 5) + 30_000;
    noteNothing(at, now);
    beginTrial(at, now);
    noteNothing(at, now + 5);
    expect([keepAwayMs(at, 'tools/call', now + 5), at.load.trial]).toEqual([0, false]);
  });
});

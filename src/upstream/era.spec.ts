import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import {
  endedOverIt,
  ERA_TTL_MS,
  EraMemory,
  refusedIt,
  refusedOnly,
  tellingError,
  type Era,
} from './era.js';
import { UpstreamError, type UpstreamErrorCode } from './upstream.errors.js';

const error = (code: UpstreamErrorCode, httpStatus?: number): UpstreamError =>
  new UpstreamError(code, code, { httpStatus });

describe('EraMemory', () => {
  it('knows what it was told, for a while', async () => {
    const clock = new ManualClock();
    const memory = new EraMemory(clock);
    expect(memory.of('a')).toBeNull();
    memory.note('a', 'stateless');
    memory.note('b', 'legacy');
    expect([memory.of('a'), memory.of('b')]).toEqual(['stateless', 'legacy']);
    await clock.advance(ERA_TTL_MS - 1);
    memory.note('b', 'legacy');
    await clock.advance(1);
    expect([memory.of('a'), memory.of('b')]).toEqual([null, 'legacy']);
    memory.forget('b');
    expect(memory.of('b')).toBeNull();
  });

  it('forgets the oldest when it knows too many', () => {
    const memory = new EraMemory(new ManualClock());
    for (let i = 0; i <= 1000; i += 1) memory.note(String(i), 'legacy');
    expect([memory.of('0'), memory.of('1')]).toEqual([null, 'legacy']);
  });
});

describe('what is known of a server', () => {
  it.each<[Era, Era, Era]>([
    ['both', 'legacy', 'both'],
    ['both', 'stateless', 'stateless'],
    ['legacy', 'both', 'both'],
    ['stateless', 'both', 'stateless'],
    ['stateless', 'legacy', 'legacy'],
  ])('as %s, and then found to be %s, is %s', (before, said, known) => {
    const memory = new EraMemory(new ManualClock());
    memory.note('a', before);
    memory.note('a', said);
    expect(memory.of('a')).toBe(known);
  });

  it('is not forgotten where it is both', async () => {
    const clock = new ManualClock();
    const memory = new EraMemory(clock);
    memory.note('a', 'both');
    await clock.advance(10 * ERA_TTL_MS);
    expect(memory.of('a')).toBe('both');
  });
});

describe('a failed initialize', () => {
  it.each<[UpstreamError, boolean, boolean]>([
    [error('handshake-refused'), true, false],
    // A server may answer it with the one revision that it knows.
    [error('protocol-version'), true, false],
    [error('not-mcp'), false, false],
    [error('http-status', 400), true, false],
    [error('http-status', 404), true, false],
    [error('http-status', 405), true, false],
    [error('http-status', 500), false, false],
    [error('exited-early'), false, true],
    [error('disconnected'), false, true],
    [error('handshake-timeout'), false, false],
    [error('unauthorized', 401), false, false],
  ])('%s: refused %s, ended over it %s', (failed, refused, ended) => {
    expect([refusedIt(failed), endedOverIt(failed)]).toEqual([refused, ended]);
  });

  it.each<[UpstreamErrorCode, UpstreamErrorCode]>([
    ['handshake-refused', 'exited-early'],
    ['handshake-timeout', 'exited-early'],
    ['protocol-version', 'protocol-version'],
    ['aborted', 'aborted'],
    ['stopped', 'stopped'],
  ])('with %s at discover is told as %s', (discover, told) => {
    expect(tellingError(error('exited-early'), error(discover)).code).toBe(told);
  });

  it('stays what it was when discover failed for a fault of ours', () => {
    expect(tellingError(error('exited-early'), new TypeError('x')).code).toBe('exited-early');
  });
});

describe('a failed server/discover', () => {
  it.each<[UpstreamErrorCode, boolean]>([
    ['handshake-refused', true],
    ['not-mcp', true],
    ['exited', false],
    ['protocol-version', false],
  ])('with %s: the question is unknown %s', (code, unknown) => {
    const failed = error(code);
    if (unknown) expect(refusedOnly(failed)).toBeNull();
    else expect(() => refusedOnly(failed)).toThrow(failed);
  });
});

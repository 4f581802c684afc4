import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SessionKeys, type SessionKey } from '../auth/session-keys.js';
import { SystemRandom } from '../kernel/random.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SessionSeal } from './session-seal.js';

class Keys extends SessionKeys {
  constructor(private readonly all: Record<string, Buffer>) {
    super();
  }
  override current(): SessionKey {
    const [id, key] = Object.entries(this.all)[0] ?? ['', Buffer.alloc(32)];
    return { id, key };
  }
  override find(id: string): Buffer | undefined {
    return this.all[id];
  }
}

const CLIENT = {
  protocolVersion: '2025-06-18',
  capabilities: { roots: { listChanged: true } },
  clientInfo: { name: 'é', version: '1' },
  extra: { _meta: { a: 1 } },
};
const SESSION = { serviceId: 's', version: '2025-06-18', client: CLIENT, principalId: 'ann' };
const DAY_MS = 24 * 3_600_000;

const sealOf = (keys: Record<string, Buffer>, clock = new ManualClock()): SessionSeal =>
  new SessionSeal(new Keys(keys), clock, new SystemRandom());

describe('a sealed session id', () => {
  const key = Buffer.alloc(32, 1);

  it('carries the session to another process with the key, and looks new each time', () => {
    const [a, b] = [sealOf({ k1: key }).seal(SESSION), sealOf({ k1: key }).seal(SESSION)];
    expect(a).not.toBe(b);
    expect(a).toMatch(/^k1\.[\w-]+$/);
    expect(sealOf({ k2: Buffer.alloc(32, 2), k1: key }).open(a)).toEqual(SESSION);
  });

  it('is worth nothing under another key, or the same key by another name', () => {
    const id = sealOf({ k1: key }).seal(SESSION);
    expect(sealOf({ k1: Buffer.alloc(32, 9) }).open(id)).toBeNull();
    expect(sealOf({ k2: key }).open(id)).toBeNull();
    expect(sealOf({ k2: key }).open(id.replace('k1.', 'k2.'))).toBeNull();
  });

  it('expires after 30 days', async () => {
    const clock = new ManualClock();
    const seal = sealOf({ k1: key }, clock);
    const id = seal.seal(SESSION);
    await clock.advance(30 * DAY_MS - 2_000);
    expect(seal.open(id)).not.toBeNull();
    await clock.advance(3_000);
    expect(seal.open(id)).toBeNull();
  });

  it('leaves out client facts that are too long for a header', () => {
    const seal = sealOf({ k1: key });
    const clientInfo = { name: 'x'.repeat(5_000) };
    const id = seal.seal({ ...SESSION, client: { ...CLIENT, clientInfo } });
    expect(id.length).toBeLessThan(1_000);
    expect(seal.open(id)).toEqual({ ...SESSION, client: null });
  });

  it('no changed character survives', () => {
    const seal = sealOf({ k1: key });
    const id = seal.seal(SESSION);
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.constantFrom('A', 'z', '0', '-', '.'), (at, char) => {
        const changed = id.slice(0, at) + char + id.slice(at + 1);
        return changed === id || seal.open(changed) === null;
      }),
      { numRuns: 300 },
    );
  });

  it.each(['', '.', 'k1.', 'k1.AAAA', 'k1', `k1.${'A'.repeat(9_000)}`])('%j is none', (id) => {
    expect(sealOf({ k1: key }).open(id)).toBeNull();
  });
});

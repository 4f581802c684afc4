import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChainPage } from '../storage/chain-history.js';
import type { HistoryQuery } from '../storage/record-store.js';
import type { AuditEntry } from './audit-entry.js';
import {
  AuditTrail,
  decodePosition,
  encodePosition,
  type TrailPosition,
  type TrailSources,
} from './audit-trail.js';

const NOON = Date.UTC(2026, 0, 1, 12);

function entry(chain: AuditEntry['chain'], number: number, minute: number, verb = 'v'): AuditEntry {
  return {
    chain,
    number,
    at: new Date(NOON + minute * 60_000).toISOString(),
    until: null,
    outcome: 'done',
    actor: 'a',
    source: 's',
    verb,
    subject: null,
    request_id: null,
    reason: null,
    count: 1,
    route: null,
    status: null,
    code: null,
    tool: null,
    diff: null,
    changes: [],
    commits: [],
    hash: null,
  };
}

/** A chain of the entries given, oldest first. */
function chain(entries: readonly AuditEntry[], damagedAt = 0): TrailSources['journal'] {
  return ({ from = Infinity, limit }: HistoryQuery): Promise<ChainPage<AuditEntry>> => {
    const rest = entries.filter(({ number }) => (number ?? 0) <= from).reverse();
    const items = rest.slice(0, Math.min(limit, 3));
    const isDamaged = items.some(({ number }) => number === damagedAt);
    return Promise.resolve({
      items,
      next: rest[items.length]?.number ?? null,
      damaged: isDamaged ? [{ file: 'f', line: null, byte: 0 }] : [],
    });
  };
}

const names = (items: readonly AuditEntry[]): string[] =>
  items.map(({ chain: [first = ''], number }) => `${first}${number}`);

async function whole(trail: AuditTrail, limit: number): Promise<string[]> {
  const found: string[] = [];
  let position: TrailPosition | undefined;
  for (let pages = 0; pages < 200; pages += 1) {
    const page = await trail.page({}, limit, position);
    found.push(...names(page.items));
    if (page.next === null) return found;
    position = decodePosition(encodePosition(page.next)) ?? undefined;
  }
  throw new Error('no end');
}

describe('AuditTrail', () => {
  const journal = [1, 2, 3, 4].map((n) => entry('journal', n, n * 2, n === 3 ? 'odd' : 'v'));
  const attempts = [1, 2, 3].map((n) => entry('attempts', n, n * 2 + 1));
  const trail = new AuditTrail({
    journal: chain(journal),
    attempts: chain(attempts),
    isTold: (revision) => revision === 2,
  });

  it('merges both chains by time, newest first, without commits that an attempt tells of', async () => {
    const { items, next } = await trail.page({}, 10);
    expect([names(items), next]).toEqual([['j4', 'a3', 'j3', 'a2', 'a1', 'j1'], null]);
  });

  it('looks for what fits on every page', async () => {
    const { items, next } = await trail.page({ verb: 'odd' }, 1);
    expect(names(items)).toEqual(['j3']);
    expect(next).toEqual({ journal: 2, attempts: 2 });
  });

  it('stops well before `since`, however long the trail is', async () => {
    let read = 0;
    const counting = (from: TrailSources['journal']): TrailSources['journal'] => {
      return (query) => {
        read += 1;
        return from(query);
      };
    };
    const long = Array.from({ length: 300 }, (_, n) => entry('journal', n + 1, n));
    const source = counting(chain(long));
    const one = new AuditTrail({ journal: source, attempts: chain([]), isTold: () => false });
    const { items, next } = await one.page({ sinceMs: NOON + 290 * 60_000 }, 100);
    expect([items.length, next, read]).toEqual([10, null, 24]);
  });

  it('passes on where something cannot be read', async () => {
    const one = new AuditTrail({
      journal: chain(journal, 4),
      attempts: chain([]),
      isTold: () => false,
    });
    expect((await one.page({}, 10)).damaged).toHaveLength(1);
  });

  it('answers each entry once, whatever the size of its pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(30), { maxLength: 20 }),
        fc.array(fc.nat(30), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (left, right, limit) => {
          const one = new AuditTrail({
            journal: chain(left.map((minute, n) => entry('journal', n + 1, minute))),
            attempts: chain(right.map((minute, n) => entry('attempts', n + 1, minute))),
            isTold: () => false,
          });
          const found = await whole(one, limit);
          expect(new Set(found).size).toBe(found.length);
          expect(found).toHaveLength(left.length + right.length);
          expect(found).toEqual(await whole(one, 100));
        },
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  it.each([
    '',
    'x',
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('["a",2]').toString('base64url'),
  ])('takes no cursor but its own: %s', (cursor) => {
    expect(decodePosition(cursor)).toBeNull();
  });
});

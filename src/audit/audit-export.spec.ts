import { beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryStore } from '../storage/memory.store.js';
import { exportTrail, type ExportSources } from './audit-export.js';

describe('the export of the trail', () => {
  let store: MemoryStore;
  let sources: ExportSources;

  beforeEach(async () => {
    store = new MemoryStore(new ManualClock());
    await store.open();
    for (let n = 1; n <= 450; n += 1) {
      const change = { kind: 'template', id: 't', op: 'put', doc: { n } } as const;
      const meta = { actor: n % 3 === 0 ? 'bob' : 'alice', source: 'api', verb: 'template.update' };
      await store.commit([change], meta);
    }
    sources = {
      journal: async (query) => {
        const { commits: items, ...page } = await store.history(query);
        return { items, ...page };
      },
      attempts: () => Promise.resolve({ items: [], next: null, damaged: [] }),
      heads: { journal: store.chainEnd, attempts: { number: 0, hash: '0' } },
    };
  });

  async function linesOf(...filter: Parameters<typeof exportTrail>): Promise<string[]> {
    let text = '';
    for await (const chunk of exportTrail(...filter)) text += chunk;
    return text.trimEnd().split('\n');
  }

  it('can be verified from the first record to the head that it names, with a hash function only', async () => {
    await store.commit([{ kind: 'template', id: 'late', op: 'put', doc: {} }], {
      actor: 'a',
      source: 'api',
      verb: 'template.create',
    });
    const lines = await linesOf(sources, {}, 'now');
    const head = JSON.parse(lines[0] ?? '') as {
      heads: { journal: { number: number; hash: string } };
    };
    const records = lines.slice(1, -1);
    let before = '0'.repeat(64);
    for (const line of records) {
      const { prev_hash, hash } = JSON.parse(line) as { prev_hash: string; hash: string };
      expect(prev_hash).toBe(before);
      const body = line.slice(0, line.lastIndexOf(',"hash":"'));
      before = createHash('sha256').update(body).digest('hex');
      expect(hash).toBe(before);
    }
    expect([records.length, before]).toEqual([450, head.heads.journal.hash]);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      export: 'end',
      lines: { journal: 450, attempts: 0 },
      damaged: [],
    });
  });

  it('leaves out whole lines only', async () => {
    const lines = await linesOf(sources, { actor: 'bob' }, 'now');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ filter: { actor: 'bob' } });
    expect(lines).toHaveLength(150 + 2);
  });
});

import { describe, expect, it } from '@jest/globals';
import { exportQuery, importAnswer, importRequest } from './import-request.js';
import type { ImportReport } from './import-outcome.js';
import { importPlan } from './import-plan.js';

const HASH = 'a'.repeat(64);

describe('the query of an export', () => {
  it.each([
    [{}, { format: 'json', services: null, tags: null }],
    [
      { services: 'a, b,,', tags: '' },
      { format: 'json', services: ['a', 'b'], tags: null },
    ],
    [{ format: 'yaml', tags: 'x' } as const, { format: 'yaml', services: null, tags: ['x'] }],
  ])('%j means %j', (query, read) => {
    expect(exportQuery(query)).toEqual(read);
  });
});

describe('the query of an import', () => {
  it('plans or applies, and by default changes nothing that is here', () => {
    expect(importRequest({ dry_run: '' }, 5)).toEqual({
      conflict: 'fail',
      prune: false,
      allow_breaking: false,
      dryRun: true,
      planHash: null,
      wait_ms: 5,
    });
    const query = { plan_hash: HASH, conflict: 'rename', prune: 'true' } as const;
    expect(importRequest(query, 0)).toMatchObject({
      conflict: 'rename',
      prune: true,
      dryRun: false,
      planHash: HASH,
    });
  });

  it('does not do both', () => {
    expect(() => importRequest({ dry_run: 'true', plan_hash: HASH }, 0)).toThrow(
      expect.objectContaining({ code: 'bundles.query-invalid' }),
    );
  });
});

describe('the answer of an import', () => {
  const report = (pending: number): ImportReport => ({
    plan_hash: HASH,
    store_revision: 7,
    summary: { serving: 1, stored: 0, pending, failed: 0, archived: 0 },
    templates: [],
    services: [],
    warnings: [],
  });

  it('is 202 only while something is not known yet', () => {
    expect(importAnswer(report(0), 'wait=5')).toMatchObject({
      status: 200,
      headers: { 'Preference-Applied': 'wait=5' },
    });
    expect(importAnswer(report(2), null)).toMatchObject({ status: 202, headers: {} });
    const plan = importPlan('bundle', { conflict: 'fail', prune: false }, [], []);
    expect(importAnswer(plan, null)).toMatchObject({ status: 200, body: plan });
  });
});

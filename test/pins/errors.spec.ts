import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { registeredProblems } from '../../src/kernel/problem.js';
import { pinnedTable } from './reference-table.js';

const src = join(import.meta.dirname, '..', '..', 'src');

async function loadAllProblems(): Promise<void> {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const lists = files.filter((file) => file.endsWith('.errors.ts'));
  for (const file of lists) await import(join(src, file));
}

describe('the closed list of errors', () => {
  it('is what docs/reference/errors.md says, in both directions', async () => {
    await loadAllProblems();
    const rows = [...registeredProblems()]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([code, { status, title, action }]) => [`\`${code}\``, String(status), title, action]);
    expect(rows.length).toBeGreaterThan(20);
    const { written, expected } = pinnedTable(
      'errors.md',
      ['code', 'status', 'what it means', 'what to do'],
      rows,
    );
    expect(written).toBe(expected);
  });

  it('gives each a kebab-case code under its module, a meaning and an action', () => {
    for (const [code, { title, action, status }] of registeredProblems()) {
      expect(code).toMatch(/^(?:[a-z]+\.[a-z0-9-]+|internal)$/);
      expect(title.length).toBeGreaterThan(3);
      expect(action.length).toBeGreaterThan(8);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});

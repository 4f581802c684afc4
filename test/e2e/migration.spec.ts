import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, fixture, type Json } from '../support/gateway-process.js';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'switchyard.js');
const FORMS = readdirSync(fixture('corpus'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

/** A data directory as that version left it, but for its journal: the files are taken over at the first start. */
function dataDirOf(form: string): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-migration-'));
  cleanups.push(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  cpSync(join(fixture('corpus'), form), join(dataDir, 'services'), { recursive: true });
  return dataDir;
}

function migrate(dataDir: string, ...flags: string[]): { code: number | null; report: Json } {
  const args = [CLI, '--json', 'migrate', '--data-dir', dataDir, ...flags];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { code: status, report: stdout === '' ? stderr : JSON.parse(stdout) };
}

/** Every file of a directory by the sum of its content. */
function sumsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

const totalOf = ({ kinds }: Json, member: string): number =>
  kinds.reduce((sum: number, kind: Json) => sum + Number(kind[member]), 0);

describe.each(FORMS)('a data directory of %s', (form) => {
  it('is taken over by the gateway: everything is there, complete and usable', async () => {
    const gateway = await GatewayProcess.start({ dataDir: dataDirOf(form) });
    cleanups.push(() => gateway.stop());
    const { body: list } = await gateway.request('GET', '/api/v1/services');
    const names = list.items.map(({ name }: Json) => name).sort();
    expect(names).toEqual(['away', 'plain', 'rich']);
    const { body: rich } = await gateway.request('GET', '/api/v1/services/rich/config');
    expect(rich.config.runtime.queue).toEqual({ size: 256, timeout_ms: 5000 });
    expect(rich.config.monitoring.alerts.enabled).toBe(true);
    const older = await gateway.request('GET', '/api/v1/services/plain/revisions/1');
    expect(older.body.config.network.circuit).toEqual({ failures: 5, open_ms: 5000 });
    const restored = await gateway.request('POST', '/api/v1/services/gone/restore');
    expect([restored.status, restored.body.state]).toEqual([200, 'inactive']);
    const patched = await gateway.request(
      'PATCH',
      '/api/v1/services/gone',
      { title: 'Back' },
      {
        'if-match': restored.headers.get('etag') ?? '',
        'content-type': 'application/merge-patch+json',
      },
    );
    expect([patched.status, patched.body.title]).toEqual([200, 'Back']);
  }, 60_000);

  it('is migrated whole by the command, and not touched by its dry run', () => {
    const dataDir = dataDirOf(form);
    const before = sumsOf(dataDir);
    const planned = migrate(dataDir, '--dry-run');
    expect([planned.code, planned.report.dry_run]).toEqual([0, true]);
    expect(totalOf(planned.report, 'migrated')).toBeGreaterThan(3);
    expect(totalOf(planned.report, 'unreadable')).toBe(0);
    expect(sumsOf(dataDir)).toEqual(before);

    const done = migrate(dataDir);
    expect(done.code).toBe(0);
    expect(done.report.kinds).toEqual(planned.report.kinds);
    expect(totalOf(migrate(dataDir).report, 'migrated')).toBe(0);
  }, 60_000);
});

describe('the command', () => {
  it('refuses a data directory that a gateway has open', async () => {
    const gateway = await GatewayProcess.start();
    cleanups.push(() => gateway.dispose());
    for (const flags of [[], ['--dry-run']]) {
      const { code, report } = migrate(gateway.dataDir, ...flags);
      expect([code, report]).toEqual([1, expect.stringContaining(String(gateway.pid))]);
    }
  }, 30_000);

  it('refuses a directory that is none', () => {
    expect(migrate('/nowhere/at/all').code).toBe(1);
  });
});

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { objectsIn, renderTable, text } from './render-text.js';
import type { Session } from './session.js';

/** `migrate`: works on a data directory that no gateway has open. */
export function addMigrateCommand(program: Command, session: Session): void {
  program
    .command('migrate')
    .description('bring the stored documents to the form of this version; the gateway must not run')
    .option('--data-dir <directory>', 'default: SWITCHYARD_DATA_DIR, or ./data')
    .option('--dry-run', 'say what would be done and change nothing')
    .action(async ({ dataDir, dryRun }: { dataDir?: string; dryRun?: boolean }) => {
      const report = await session.terminal
        .migrate({
          data_dir: dataDir === undefined ? null : resolve(dataDir),
          dry_run: dryRun === true,
        })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          throw new CommandFailure(EXIT.refused, reason);
        });
      session.show(report, renderMigration);
    });
}

function renderMigration(report: JsonObject): string {
  const kinds = objectsIn(report['kinds']);
  const rows = kinds.map((kind) => [
    text(kind['kind']),
    text(kind['records']),
    formsOf(kind),
    text(kind['migrated']),
    String(Array.isArray(kind['unreadable']) ? kind['unreadable'].length : 0),
  ]);
  const count = kinds.reduce((sum, { migrated }) => sum + Number(migrated), 0);
  const verb = report['dry_run'] === true ? 'would be brought' : 'were brought';
  return [
    `${text(report['data_dir'])}, at revision ${text(report['revision'])}`,
    renderTable([['KIND', 'RECORDS', 'FORMS', 'MIGRATED', 'UNREADABLE'], ...rows]),
    ...objectsIn(report['faults']).map(
      ({ kind, id, fault }) => `${text(kind)} ${text(id)}: ${text(fault)}`,
    ),
    `${String(count)} documents ${verb} to the newest form.`,
  ].join('\n');
}

function formsOf({ forms }: JsonObject): string {
  const found = Object.entries(isJsonObject(forms) ? forms : {});
  return found.map(([form, count]) => `${form}: ${text(count)}`).join(', ') || '-';
}

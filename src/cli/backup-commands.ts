import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { queryOf } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { renderBackup, renderBackups } from './render-backups.js';
import { requireServing } from './bundle-commands.js';
import { renderPlan, renderResults } from './render-plan.js';
import { waitHeader, type Session } from './session.js';

interface RestoreFlags {
  readonly plan?: boolean;
  readonly yes?: boolean;
  readonly keepOthers?: boolean;
  readonly wait: string;
}

/** `backup …` and `restore-backup`: archives of the whole registry. */
export function addBackupCommands(program: Command, session: Session): void {
  const backup = program.command('backup').description('archives of the whole registry');
  backup
    .command('create', { isDefault: true })
    .description('write an archive now, and verify it')
    .action(async () => {
      session.print(await session.wait('POST', '/backups', {}, null), renderBackup);
    });
  backup
    .command('list')
    .description('list the archives, newest first')
    .action(async () => {
      session.print(await session.api.request('GET', '/backups'), renderBackups);
    });
  backup
    .command('verify <backup>')
    .description('read an archive whole and check every sum')
    .action(async (id: string) => {
      session.print(await session.wait('POST', `${pathOf(id)}/verify`, {}, null), renderBackup);
    });
  backup
    .command('download <backup> <file>')
    .description('save an archive to a file')
    .action(async (id: string, file: string) => {
      const stream = await session.api.open(`${pathOf(id)}/archive`, 'application/gzip');
      await saveStream(stream, file);
      session.terminal.err(`${id} saved to ${file}\n`);
    });
  backup
    .command('delete <backup>')
    .description('delete an archive')
    .action(async (id: string) => {
      const answer = await session.api.request('DELETE', pathOf(id));
      session.print(answer, () => `${id}: deleted`);
    });
  addRestore(program, session);
}

function addRestore(program: Command, session: Session): void {
  program
    .command('restore-backup <backup>')
    .description('make the registry what the archive says; nothing is changed without --yes')
    .option('--plan', 'say what would happen and change nothing')
    .option('--yes', 'do it')
    .option('--keep-others', 'keep the services that the archive does not have')
    .option('--wait <seconds>', 'how long to wait until they serve', '30')
    .action(async (id: string, flags: RestoreFlags) => {
      await restore(session, id, flags);
    });
}

async function restore(session: Session, id: string, flags: RestoreFlags): Promise<void> {
  const isPlan = flags.plan === true || flags.yes !== true;
  const query = queryOf({ dry_run: isPlan, keep_others: flags.keepOthers });
  const headers = waitHeader(flags.wait);
  const path = `${pathOf(id)}/restore${query}`;
  const answer = await session.wait('POST', path, { headers }, null);
  session.print(answer, isPlan ? renderPlan : renderResults);
  if (!isPlan) requireServing(answer.body ?? {});
  if (isPlan && flags.plan !== true) {
    throw new CommandFailure(EXIT.usage, 'Nothing was changed. Say --yes to restore.');
  }
}

function pathOf(id: string): string {
  return `/backups/${encodeURIComponent(id)}`;
}

async function saveStream(stream: ReadableStream<Uint8Array>, file: string): Promise<void> {
  try {
    await pipeline(Readable.from(stream), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${file} cannot be written: ${reason}`);
  }
}

import { Option, type Command } from 'commander';
import { queryOf } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { renderAudit, renderChain } from './render-audit.js';
import { countOf, type Session } from './session.js';

interface AuditFlags {
  readonly actor?: string;
  readonly verb?: string;
  readonly subject?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly all?: boolean;
}

/** `audit …`: who changed what, and who was refused. */
export function addAuditCommands(program: Command, session: Session): void {
  const audit = program.command('audit').description('who changed what, and who was refused');
  filtered(audit.command('list', { isDefault: true }))
    .description('show the newest entries')
    .option('-n, --limit <count>', 'how many', '50')
    .option('--all', 'what the gateway did of its own accord as well')
    .action(async ({ limit, all, ...filters }: AuditFlags) => {
      const actor = filters.actor ?? (all === true ? undefined : '!system');
      const query = queryOf({ ...filters, actor, limit: String(countOf(limit, '--limit')) });
      session.print(await session.api.request('GET', `/audit${query}`), renderAudit);
    });
  audit
    .command('verify')
    .description('check the chain from its anchor to its end; exit code 4 when it is broken')
    .action(async () => {
      const answer = await session.wait('GET', '/audit/verify', {}, null);
      session.print(answer, renderChain);
      if (answer.body?.['intact'] !== true) {
        throw new CommandFailure(EXIT.unwell, 'The trail was tampered with, or is damaged.');
      }
    });
  filtered(audit.command('export'))
    .description('print the entries with their hashes, one JSON document a line')
    .action(async (filters: Omit<AuditFlags, 'limit' | 'all'>) => {
      const path = `/audit/export${queryOf({ ...filters })}`;
      const stream = await session.api.open(path, 'application/x-ndjson');
      const decoder = new TextDecoder();
      for await (const chunk of stream) {
        session.terminal.out(decoder.decode(chunk, { stream: true }));
      }
    });
}

function filtered(command: Command): Command {
  return command
    .option('--actor <actor>', 'by whom')
    .option('--verb <verb>', 'what was done, or how it begins, such as service.')
    .option('--subject <subject>', 'to what: an id or a name')
    .addOption(
      new Option('--outcome <outcome>', 'how it ended').choices(['done', 'failed', 'denied']),
    )
    .option('--since <time>', 'RFC 3339')
    .option('--until <time>', 'RFC 3339');
}

import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { JsonObject } from '../kernel/json.js';
import { queryOf } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { readTextFile } from './manifest-file.js';
import { failedServices, renderPlan, renderResults } from './render-plan.js';
import { waitHeader, type Session } from './session.js';

interface ExportFlags {
  readonly format: 'json' | 'yaml';
  readonly services?: string;
  readonly output?: string;
}

interface ImportFlags {
  readonly plan?: boolean;
  readonly conflict: string;
  readonly prune?: boolean;
  readonly wait: string;
}

/** `export` and `import`: services and templates as one document. */
export function addBundleCommands(program: Command, session: Session): void {
  program
    .command('export')
    .description('print services, templates and routes as one document that can be imported')
    .addOption(new Option('--format <format>').choices(['json', 'yaml']).default('json'))
    .option('--services <names>', 'only these, separated by commas')
    .option('-o, --output <file>', 'write it there')
    .action(async ({ format, services, output }: ExportFlags) => {
      const accept = format === 'json' ? 'application/json' : 'application/yaml';
      const stream = await session.api.open(`/export${queryOf({ format, services })}`, accept);
      const text = await new Response(stream).text();
      if (output === undefined) session.terminal.out(text);
      else await saveTo(output, text, session);
    });
  program
    .command('import <file>')
    .description('take over a bundle, an mcp.json or a server.json, all or nothing; - for stdin')
    .option('--plan', 'say what would happen and change nothing')
    .addOption(
      new Option('--conflict <policy>', 'what becomes of a service whose name is taken')
        .choices(['skip', 'overwrite', 'rename', 'fail'])
        .default('fail'),
    )
    .option('--prune', 'delete the services that the bundle does not have')
    .option('--wait <seconds>', 'how long to wait until they serve', '30')
    .action(async (file: string, flags: ImportFlags) => {
      await importFile(session, file, flags);
    });
}

/** Plans first; what is applied is exactly what was planned, or nothing. */
async function importFile(session: Session, file: string, flags: ImportFlags): Promise<void> {
  const text = await readTextFile(file, session.terminal.stdin);
  const type = isJsonText(text) ? 'application/json' : 'application/yaml';
  const { conflict, prune } = flags;
  const headers = { ...waitHeader(flags.wait), 'content-type': type };
  const path = `/import${queryOf({ dry_run: true, conflict, prune })}`;
  const plan = await session.api.request('POST', path, { text, headers });
  const hash = plan.body?.['plan_hash'];
  if (flags.plan === true || typeof hash !== 'string') {
    session.print(plan, renderPlan);
    return;
  }
  const apply = `/import${queryOf({ plan_hash: hash, conflict, prune })}`;
  const answer = await session.wait('POST', apply, { text, headers }, null);
  session.print(answer, renderResults);
  requireServing(answer.body ?? {});
}

/** Ends with `unwell` when something that was taken over does not serve. */
export function requireServing(answer: JsonObject): void {
  const failed = failedServices(answer);
  if (failed.length === 0) return;
  const told = `${String(failed.length)} of the services do not serve: ${failed.join(', ')}.`;
  throw new CommandFailure(
    EXIT.unwell,
    `${told}\nNext: "switchyard show" each; mend and update it.`,
  );
}

function isJsonText(text: string): boolean {
  return text.trimStart().startsWith('{');
}

async function saveTo(file: string, text: string, { terminal }: Session): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `${file} cannot be written: ${reason}`);
  }
  terminal.err(`${String(Buffer.byteLength(text))} bytes written to ${file}\n`);
}

import type { Command } from 'commander';
import { isJsonObject } from '../kernel/json.js';
import { queryOf, servicePath } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { readManifestFile } from './manifest-file.js';
import { renderOutcome } from './render.js';
import { waitHeader, type Session } from './session.js';

interface RegisterFlags {
  readonly dryRun?: boolean;
  readonly allowBreaking?: boolean;
  readonly wait: string;
}

interface UpdateFlags extends RegisterFlags {
  readonly set?: string;
}

interface DeleteFlags {
  readonly force?: boolean;
  readonly cascade?: boolean;
}

const WAIT = ['--wait <seconds>', 'how long to wait until it serves', '30'] as const;
const BREAKING = [
  '--allow-breaking',
  'let a revision pass whose tools break what callers rely on',
] as const;

/** Whatever changes a service. */
export function addWritingCommands(program: Command, session: Session): void {
  addRegister(program, session);
  addUpdate(program, session);
  addDelete(program, session);
  addVerb(program, session, 'activate', 'start, prove and serve it');
  addVerb(program, session, 'deactivate', 'drain and stop it; it stays registered');
  addVerb(program, session, 'restart', 'replace its instances without dropping a call');
  addVerb(program, session, 'validate', 'check what is stored as a change would be checked');
  addVerb(program, session, 'restore', 'bring a deleted service back, inactive');
}

function addRegister(program: Command, session: Session): void {
  program
    .command('register <file>')
    .description(
      'register or update from a manifest, mcp.json, server.json or service; - for stdin',
    )
    .option('--dry-run', 'say what would happen and change nothing')
    .option(...BREAKING)
    .option(...WAIT)
    .action(async (file: string, { dryRun, allowBreaking, wait }: RegisterFlags) => {
      const body = await readManifestFile(file, session.terminal.stdin);
      const query = queryOf({ dry_run: dryRun, allow_breaking: allowBreaking });
      const path = `/hooks/wrapper-generated${query}`;
      const name = isJsonObject(body) && typeof body['name'] === 'string' ? body['name'] : null;
      const request = { body, headers: waitHeader(wait) };
      session.print(await session.wait('POST', path, request, name), (answer) =>
        renderOutcome({ name, ...answer }),
      );
    });
}

function addUpdate(program: Command, session: Session): void {
  program
    .command('update <service> [file]')
    .description('replace the specification by a file, or change some of it with --set')
    .option('--set <json>', 'a JSON Merge Patch, such as \'{"tags":["demo"]}\'; null deletes')
    .option('--dry-run', 'say what would happen and change nothing')
    .option(...BREAKING)
    .option(...WAIT)
    .action(async (service: string, file: string | undefined, flags: UpdateFlags) => {
      const { set, dryRun, allowBreaking, wait } = flags;
      if ((file === undefined) === (set === undefined)) {
        throw new CommandFailure(EXIT.usage, 'update takes either a file or --set.');
      }
      const query = queryOf({ dry_run: dryRun, allow_breaking: allowBreaking });
      const headers = waitHeader(wait);
      const path = servicePath(service);
      const answer =
        file === undefined
          ? await session.change(
              'PATCH',
              path,
              {
                query,
                text: patchOf(set ?? ''),
                headers: { ...headers, 'content-type': 'application/merge-patch+json' },
              },
              service,
            )
          : await session.change(
              'PUT',
              path,
              { query, headers, body: await readManifestFile(file, session.terminal.stdin) },
              service,
            );
      session.print(answer, (body) => renderOutcome({ name: service, ...body }));
    });
}

function addDelete(program: Command, session: Session): void {
  program
    .command('delete <service>')
    .description('delete a service; it can be restored from the archive')
    .option('--force', 'stop at once instead of letting calls under way end')
    .option('--cascade', 'deactivate the services that need it first')
    .action(async (service: string, { force, cascade }: DeleteFlags) => {
      const query = queryOf({ force, cascade: cascade === true ? 'deactivate' : undefined });
      const answer = await session.change('DELETE', servicePath(service), { query }, null);
      const end = answer.status === 204 ? 'deleted' : 'still ending';
      session.print(answer, () => `${service}: ${end}`);
    });
}

function addVerb(program: Command, session: Session, verb: string, description: string): void {
  program
    .command(`${verb} <service>`)
    .description(description)
    .option('--wait <seconds>', 'how long to wait for the effect', '30')
    .action(async (service: string, { wait }: { wait: string }) => {
      const request = { headers: waitHeader(wait) };
      const path = `${servicePath(service)}/${verb}`;
      session.print(await session.wait('POST', path, request, service), (answer) =>
        renderOutcome({ name: service, ...answer }),
      );
    });
}

function patchOf(given: string): string {
  try {
    if (isJsonObject(JSON.parse(given) as unknown)) return given;
  } catch {
    // Refused below, as any other text that is no object.
  }
  throw new CommandFailure(EXIT.usage, '--set takes a JSON object, such as \'{"tags":["demo"]}\'.');
}

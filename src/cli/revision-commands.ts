import { Option, type Command } from 'commander';
import { queryOf, servicePath } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { renderDiff, renderRevisions } from './render-revisions.js';
import { renderOutcome } from './render.js';
import { countOf, waitHeader, type Session } from './session.js';
import { objectsIn } from './render-text.js';

/** What deals with the history of a service: revisions, diff, rollback, pin, drift. */
export function addRevisionCommands(program: Command, session: Session): void {
  program
    .command('revisions <service>')
    .description('list the revisions that are kept')
    .action(async (service: string) => {
      const path = `${servicePath(service)}/revisions`;
      session.print(await session.api.request('GET', path), renderRevisions);
    });
  program
    .command('diff <service> [from] [to]')
    .description('compare two revisions, and the contract of their tools; the last two by default')
    .action(async (service: string, from: string | undefined, to: string | undefined) => {
      const range = await rangeOf(session, service, from, to);
      const path = `${servicePath(service)}/revisions/diff${queryOf(range)}`;
      session.print(await session.api.request('GET', path), renderDiff);
    });
  program
    .command('pin <service> <revision>')
    .description('keep a revision whatever its age')
    .option('--off', 'let it go with the others again')
    .action(async (service: string, revision: string, { off }: { off?: boolean }) => {
      const number = countOf(revision, 'The revision');
      const path = `${servicePath(service)}/revisions/${String(number)}`;
      const answer = await session.api.request('PATCH', path, { body: { pinned: off !== true } });
      const end = off === true ? 'not pinned any more' : 'pinned';
      session.print(answer, () => `revision ${String(number)} of ${service}: ${end}`);
    });
  addRollback(program, session);
  addDrift(program, session);
}

function addDrift(program: Command, session: Session): void {
  program
    .command('drift <service>')
    .description('settle a stored document that was edited by hand')
    .addOption(
      new Option('--action <action>', 'take the edit over as an update, or undo it')
        .choices(['adopt', 'revert'])
        .makeOptionMandatory(),
    )
    .action(async (service: string, { action }: { action: string }) => {
      const path = `${servicePath(service)}/drift`;
      session.print(await session.wait('POST', path, { body: { action } }, service), renderOutcome);
    });
}

function addRollback(program: Command, session: Session): void {
  program
    .command('rollback <service> [revision]')
    .description('go back to an older revision; to the one before the present one by default')
    .option('--dry-run', 'say what would happen and change nothing')
    .option('--wait <seconds>', 'how long to wait until it serves', '30')
    .action(
      async (
        service: string,
        given: string | undefined,
        { dryRun, wait }: { dryRun?: boolean; wait: string },
      ) => {
        const { from } = await rangeOf(session, service, given, undefined);
        const path = `${servicePath(service)}/rollback${queryOf({ dry_run: dryRun })}`;
        const request = { body: { revision: Number(from) }, headers: waitHeader(wait) };
        session.print(await session.wait('POST', path, request, service), (answer) =>
          renderOutcome({ name: service, ...answer }),
        );
      },
    );
}

/** `to` is the present revision, and `from` the one that served before it, unless they are given. */
async function rangeOf(
  session: Session,
  service: string,
  from: string | undefined,
  to: string | undefined,
): Promise<{ readonly from: string; readonly to: string }> {
  if (from !== undefined && to !== undefined) {
    return { from: String(countOf(from, 'from')), to: String(countOf(to, 'to')) };
  }
  const { body } = await session.api.request('GET', `${servicePath(service)}/revisions`);
  const kept = objectsIn(body?.['items']);
  const current = kept.find(({ outcome }) => outcome === 'current')?.['revision'];
  const before = kept.find(({ outcome }) => outcome === 'superseded')?.['revision'];
  const start = from ?? (before === undefined ? undefined : String(before));
  if (start === undefined || current === undefined) {
    throw new CommandFailure(EXIT.refused, `${service} has no revision before the present one.`);
  }
  return { from: String(countOf(start, 'The revision')), to: to ?? String(current) };
}

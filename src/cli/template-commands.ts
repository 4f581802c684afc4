import type { Command } from 'commander';
import { isJsonObject } from '../kernel/json.js';
import { queryOf } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { readManifestFile } from './manifest-file.js';
import {
  renderAffected,
  renderRollout,
  renderSaved,
  renderTemplate,
  renderTemplates,
} from './render-templates.js';
import { countOf, type Session } from './session.js';

/** `template …`: reusable fragments of configuration. */
export function addTemplateCommands(program: Command, session: Session): void {
  const templates = program.command('template').description('templates of configuration');
  templates
    .command('list')
    .description('list the templates, each in its newest revision')
    .action(async () => {
      session.print(await session.api.request('GET', '/templates'), renderTemplates);
    });
  templates
    .command('show <template>')
    .description('show a template, by id or id@revision')
    .action(async (template: string) => {
      session.print(await session.api.request('GET', templatePath(template)), renderTemplate);
    });
  templates
    .command('save <file>')
    .description('create the template in the file, or make a new revision of it; - for stdin')
    .option('--dry-run', 'say what would happen and change nothing')
    .action(async (file: string, { dryRun }: { dryRun?: boolean }) => {
      await saveTemplate(session, file, queryOf({ dry_run: dryRun }));
    });
  templates
    .command('delete <template>')
    .description('delete a template that nothing uses')
    .action(async (template: string) => {
      const answer = await session.change('DELETE', templatePath(template), {}, null);
      session.print(answer, () => `${template}: deleted`);
    });
  templates
    .command('services <template>')
    .description('list the services that use it, and what its newest revision would change')
    .action(async (template: string) => {
      const path = `${templatePath(template)}/services`;
      session.print(await session.api.request('GET', path), renderAffected);
    });
  addRollouts(templates, session);
}

interface RolloutFlags {
  readonly services?: string;
  readonly batch: string;
  readonly pause: string;
  readonly continue?: boolean;
}

function addRollouts(templates: Command, session: Session): void {
  templates
    .command('rollout <template>')
    .description('move the services that use it to its newest revision, batch after batch')
    .option('--services <names>', 'only these, separated by commas')
    .option('--batch <count>', 'how many at a time', '1')
    .option('--pause <seconds>', 'between two batches', '0')
    .option('--continue', 'go on when one fails; otherwise it stops there')
    .action(async (template: string, flags: RolloutFlags) => {
      const body = {
        ...(flags.services === undefined ? {} : { services: flags.services.split(',') }),
        batch: countOf(flags.batch, '--batch'),
        pause_ms: secondsOf(flags.pause) * 1000,
        on_failure: flags.continue === true ? 'continue' : 'stop',
      };
      const path = `${templatePath(template)}/rollout`;
      session.print(await session.api.request('POST', path, { body }), renderRollout);
    });
  templates
    .command('rollout-status <rollout>')
    .description('show how far a rollout is; exit code 4 when a failure stopped it')
    .action(async (rollout: string) => {
      const path = `/template-rollouts/${encodeURIComponent(rollout)}`;
      const answer = await session.api.request('GET', path);
      session.print(answer, renderRollout);
      if (answer.body?.['state'] === 'stopped') {
        throw new CommandFailure(EXIT.unwell, 'A failure stopped the rollout.');
      }
    });
  templates
    .command('rollout-cancel <rollout>')
    .description('stop a rollout; what was moved stays moved')
    .action(async (rollout: string) => {
      const path = `/template-rollouts/${encodeURIComponent(rollout)}/cancel`;
      session.print(await session.api.request('POST', path), renderRollout);
    });
}

async function saveTemplate(session: Session, file: string, query: string): Promise<void> {
  const body = await readManifestFile(file, session.terminal.stdin);
  const id = isJsonObject(body) ? body['template_id'] : undefined;
  if (typeof id !== 'string') {
    throw new CommandFailure(EXIT.usage, `${file} names no template_id.`);
  }
  const { body: known } = await session.api.request('GET', '/templates');
  const items = Array.isArray(known?.['items']) ? known['items'] : [];
  const exists = items.some((one) => isJsonObject(one) && one['template_id'] === id);
  const answer = exists
    ? await session.change('PUT', templatePath(id), { body, query }, null)
    : await session.api.request('POST', `/templates${query}`, { body });
  session.print(answer, renderSaved);
}

function templatePath(template: string): string {
  return `/templates/${encodeURIComponent(template)}`;
}

function secondsOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new CommandFailure(EXIT.usage, '--pause takes whole seconds.');
}

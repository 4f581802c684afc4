import type { Command } from 'commander';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { ApiClient, type ApiAnswer } from './api-client.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { readManifestFile } from './manifest-file.js';
import { renderList, renderOutcome, renderService, renderToolResult } from './render.js';
import type { GlobalOptions, Terminal } from './terminal.js';

/** The commands that are clients of the management API. */
export function addServiceCommands(program: Command, terminal: Terminal): void {
  const session = new Session(program, terminal);
  addReading(program, session);
  addWriting(program, session, terminal);
}

/** The gateway that the options name, and the form of output that they ask for. */
class Session {
  constructor(
    private readonly program: Command,
    private readonly terminal: Terminal,
  ) {}

  get api(): ApiClient {
    const { url, apiKey } = this.program.opts<GlobalOptions>();
    return new ApiClient(url, apiKey ?? null, this.terminal.fetch);
  }

  print(answer: ApiAnswer, render: (body: JsonObject) => string): void {
    const body = answer.body ?? {};
    const isJson = this.program.opts<GlobalOptions>().json === true;
    this.terminal.out(`${isJson ? JSON.stringify(body, null, 2) : render(body)}\n`);
  }
}

function addReading(program: Command, session: Session): void {
  program
    .command('list')
    .description('list the services')
    .action(async () => {
      session.print(await allServices(session.api), renderList);
    });
  program
    .command('show <service>')
    .description('show one service, by name or id')
    .action(async (service: string) => {
      session.print(await session.api.request('GET', servicePath(service)), renderService);
    });
  program
    .command('call <service> <tool> [arguments]')
    .description('call a tool; the arguments are a JSON object')
    .action(async (service: string, tool: string, given: string | undefined) => {
      await callTool(session, { service, tool, arguments: argumentsOf(given) });
    });
}

interface RegisterFlags {
  readonly dryRun?: boolean;
  readonly wait: string;
}

interface DeleteFlags {
  readonly force?: boolean;
  readonly cascade?: boolean;
}

function addWriting(program: Command, session: Session, { stdin }: Terminal): void {
  program
    .command('register <file>')
    .description(
      'register or update from a manifest, mcp.json, server.json or service; - for stdin',
    )
    .option('--dry-run', 'say what would happen and change nothing')
    .option('--wait <seconds>', 'how long to wait until it serves', '30')
    .action(async (file: string, { dryRun, wait }: RegisterFlags) => {
      const headers = { prefer: `wait=${secondsOf(wait)}` };
      const body = await readManifestFile(file, stdin);
      const path = `/hooks/wrapper-generated${dryRun === true ? '?dry_run=true' : ''}`;
      session.print(await session.api.request('POST', path, { body, headers }), renderOutcome);
    });
  program
    .command('delete <service>')
    .description('delete a service; it can be restored from the archive')
    .option('--force', 'stop at once instead of letting calls under way end')
    .option('--cascade', 'deactivate the services that need it first')
    .action(async (service: string, flags: DeleteFlags) => {
      const answer = await deleteService(session.api, service, flags);
      const end = answer.status === 204 ? 'deleted' : 'still ending';
      session.print(answer, () => `${service}: ${end}`);
    });
}

/** All pages of the list as one. */
async function allServices(api: ApiClient): Promise<ApiAnswer> {
  const items: JsonObject[] = [];
  let path = '/services?limit=500';
  for (;;) {
    const answer = await api.request('GET', path);
    const page = answer.body ?? {};
    if (Array.isArray(page['items'])) items.push(...page['items'].filter(isJsonObject));
    const cursor = page['next_cursor'];
    if (typeof cursor !== 'string') return { ...answer, body: { ...page, items } };
    path = `/services?limit=500&cursor=${encodeURIComponent(cursor)}`;
  }
}

async function callTool(
  session: Session,
  call: { service: string; tool: string; arguments: JsonObject },
): Promise<void> {
  const path = `${servicePath(call.service)}/tools/${encodeURIComponent(call.tool)}`;
  const answer = await session.api.request('POST', path, { body: call.arguments });
  session.print(answer, renderToolResult);
  const body = answer.body ?? {};
  if (body['is_error'] === true || body['isError'] === true) {
    throw new CommandFailure(EXIT.refused, `${call.tool} reported an error.`);
  }
}

async function deleteService(
  api: ApiClient,
  service: string,
  options: DeleteFlags,
): Promise<ApiAnswer> {
  const path = servicePath(service);
  const { headers } = await api.request('GET', path);
  const query = new URLSearchParams();
  if (options.force === true) query.set('force', 'true');
  if (options.cascade === true) query.set('cascade', 'deactivate');
  const suffix = query.size === 0 ? '' : `?${query.toString()}`;
  return api.request('DELETE', `${path}${suffix}`, {
    headers: { 'if-match': headers.get('etag') ?? '*' },
  });
}

function servicePath(service: string): string {
  return `/services/${encodeURIComponent(service)}`;
}

function argumentsOf(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Refused below, as any other text that is no object.
  }
  if (isJsonObject(value)) return value;
  throw new CommandFailure(
    EXIT.usage,
    'The arguments of a tool are a JSON object, such as \'{"a": 1}\'.',
  );
}

function secondsOf(text: string): string {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 300) return text;
  throw new CommandFailure(EXIT.usage, '--wait takes whole seconds, at most 300.');
}

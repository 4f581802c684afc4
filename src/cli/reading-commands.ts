import { Option, type Command } from 'commander';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { servicePath, queryOf } from './api-path.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { followEvents } from './event-lines.js';
import { renderHealth, renderHistory } from './render-health.js';
import {
  renderConfig,
  renderList,
  renderService,
  renderToolResult,
  renderTools,
} from './render.js';
import { renderLogLine } from './render-log.js';
import { countOf, type Session } from './session.js';

interface ListFlags {
  readonly tag?: string;
  readonly state?: string;
  readonly health?: string;
  readonly search?: string;
}

/** What only looks: list, show, tools, config, call, logs, health. */
export function addReadingCommands(program: Command, session: Session): void {
  program
    .command('list')
    .description('list the services')
    .option('--tag <tag>', 'only those with this tag')
    .option('--state <state>', 'only those in this state, such as active or error')
    .addOption(
      new Option('--health <level>', 'only those of this level').choices([
        'healthy',
        'degraded',
        'unhealthy',
        'unknown',
      ]),
    )
    .option('--search <text>', 'search names, descriptions and tools')
    .action(async ({ search, ...filters }: ListFlags) => {
      const query = new URLSearchParams(queryOf({ ...filters, q: search }));
      session.print(await session.all('/services', query), renderList);
    });
  program
    .command('show <service>')
    .description('show one service, by name or id')
    .action(async (service: string) => {
      session.print(await session.api.request('GET', servicePath(service)), renderService);
    });
  program
    .command('tools <service>')
    .description('list the tools of a service with their arguments')
    .action(async (service: string) => {
      session.print(await session.api.request('GET', `${servicePath(service)}/tools`), renderTools);
    });
  addCalls(program, session);
  addLogs(program, session);
  addHealth(program, session);
}

function addCalls(program: Command, session: Session): void {
  program
    .command('config <service>')
    .description('show the configuration in force')
    .option('--explain', 'name the layer that each value came from')
    .action(async (service: string, { explain }: { explain?: boolean }) => {
      const path = `${servicePath(service)}/config${queryOf({ explain })}`;
      session.print(await session.api.request('GET', path), renderConfig);
    });
  program
    .command('call <service> <tool> [arguments]')
    .description('call a tool; the arguments are a JSON object')
    .action(async (service: string, tool: string, given: string | undefined) => {
      await callTool(session, { service, tool, arguments: argumentsOf(given) });
    });
}

function addLogs(program: Command, session: Session): void {
  program
    .command('logs <service>')
    .description('show what the service wrote to stderr and what was done with it')
    .option('-n, --tail <lines>', 'how many lines, at most 500', '100')
    .option('-f, --follow', 'go on with what is written from now on; Ctrl-C ends it')
    .action(async (service: string, { tail, follow }: { tail: string; follow?: boolean }) => {
      const query = queryOf({ tail: String(countOf(tail, '--tail')), follow });
      const path = `${servicePath(service)}/logs${query}`;
      const { out } = session.terminal;
      const print = (line: JsonObject): void => {
        out(`${session.isJson ? JSON.stringify(line) : renderLogLine(line)}\n`);
      };
      if (follow === true) {
        await followEvents(await session.api.open(path, 'text/event-stream'), 'log', print);
        return;
      }
      const { body } = await session.api.request('GET', path);
      const items = body?.['items'];
      for (const line of Array.isArray(items) ? items.filter(isJsonObject) : []) print(line);
    });
}

function addHealth(program: Command, session: Session): void {
  program
    .command('health <service>')
    .description('show the verdict, each check and its evidence; exit code 4 unless it is well')
    .option('--check', 'run the checks now and answer with what they found')
    .option('--history', 'show how it was: changes of level and past results')
    .action(async (service: string, flags: { check?: boolean; history?: boolean }) => {
      const path = `${servicePath(service)}/health`;
      if (flags.history === true) {
        const past = await session.api.request('GET', `${path}/history`);
        session.print(past, renderHistory);
        return;
      }
      const answer =
        flags.check === true
          ? await session.wait('POST', `${path}/check`, {}, null)
          : await session.api.request('GET', path);
      session.print(answer, renderHealth);
      const level = answer.body?.['level'];
      if (level === 'unhealthy' || level === 'degraded') {
        throw new CommandFailure(EXIT.unwell, `${service} is ${level}.`);
      }
    });
}

async function callTool(
  session: Session,
  call: { service: string; tool: string; arguments: JsonObject },
): Promise<void> {
  const path = `${servicePath(call.service)}/tools/${encodeURIComponent(call.tool)}`;
  const answer = await session.wait('POST', path, { body: call.arguments }, null);
  session.print(answer, renderToolResult);
  const body = answer.body ?? {};
  if (body['is_error'] === true || body['isError'] === true) {
    throw new CommandFailure(EXIT.refused, `${call.tool} reported an error.`);
  }
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

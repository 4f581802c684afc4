import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { ApiClient } from './api-client.js';
import { objectsIn, text } from './render-text.js';
import type { Session } from './session.js';

const NAMES_WITHIN_MS = 700;

/** `complete <shell>` prints the script of a shell; the script asks `complete -- …` for what fits. Call it last. */
export function addCompletion(program: Command, session: Session): void {
  const services: string[] = [];
  program.hook('preAction', async (_program, command) => {
    if (command.name() === 'complete') services.push(...(await serviceNames(session)));
  });
  for (const [, command] of tab(program).commands) {
    const argument = command.arguments.get('service');
    if (argument === undefined) continue;
    argument.handler = (complete) => {
      for (const name of services) complete(name, 'service');
    };
  }
}

/** Names to complete; none when the gateway does not answer at once, as nobody waits for a completion. */
async function serviceNames({ api, terminal }: Session): Promise<readonly string[]> {
  const late = terminal.clock.sleep(NAMES_WITHIN_MS).then(() => []);
  return Promise.race([readNames(api), late]);
}

async function readNames(api: ApiClient): Promise<readonly string[]> {
  try {
    const { body } = await api.request('GET', '/services?limit=500');
    return objectsIn(body?.['items']).map(({ name }) => text(name));
  } catch {
    return [];
  }
}

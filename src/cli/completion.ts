import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { ApiClient } from './api-client.js';
import { objectsIn, text } from './render-text.js';
import type { Session } from './session.js';

const NAMES_WITHIN_MS = 700;
/** The shell expands what it completes with, so nothing that is more than a name may reach it. */
const PLAIN_NAME = /^[a-z0-9-]{1,63}$/;
/** The script asks bash-completion for the words of the line; this stands in where that is not installed. */
const WITHOUT_BASH_COMPLETION = `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
    [[ "\${COMP_LINE:COMP_POINT-1:1}" == " " ]] && words+=("")
    cword=$((\${#words[@]} - 1)) cur=\${words[cword]} prev=\${words[cword > 0 ? cword - 1 : 0]}
}
`;

/** `complete <shell>` prints the script of a shell; the script asks `complete -- …` for what fits. Call it last. */
export function addCompletion(program: Command, session: Session): void {
  const services: string[] = [];
  program.hook('preAction', async (_program, command) => {
    if (command.name() !== 'complete') return;
    if (command.args[0] === 'bash') session.terminal.out(WITHOUT_BASH_COMPLETION);
    services.push(...(await serviceNames(session)));
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
    const { body } = await api.probe('/api/v1/services?limit=500', NAMES_WITHIN_MS);
    const names = objectsIn(body?.['items']).map(({ name }) => text(name));
    return names.filter((name) => PLAIN_NAME.test(name));
  } catch {
    return [];
  }
}

import type { ServiceConfig } from './service-config.js';

/** Names of options and of query members by which secrets are commonly passed. */
const SECRET_NAME = /(?:^|[-_.])(?:api[-_]?key|token|secret|password|passwd|private[-_]?key)$/i;
const OPTION = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s;

/**
 * Sentences about values that look like secrets where references are not taken: an option of the command, a member of the
 * URL's query. They are stored and shown as they are, so whoever writes them is told. Guesses, hence no refusals.
 */
export function exposedSecrets({ runtime, network }: ServiceConfig): string[] {
  const found = [...optionsOf(runtime.args), ...queryOf(network.url)];
  return found.map(
    ({ place, advice }) =>
      `${place} looks like a secret and is kept as it is written, for everybody who may read the service. ${advice}`,
  );
}

interface Exposed {
  readonly place: string;
  readonly advice: string;
}

function optionsOf(args: readonly string[]): Exposed[] {
  const advice = 'Pass it in runtime.env as ${env:NAME} or ${file:/path}.';
  return args.flatMap((arg, index) => {
    const [, name = '', value] = OPTION.exec(arg) ?? [];
    const given = value ?? args[index + 1] ?? '';
    const isValue = given !== '' && (value !== undefined || !given.startsWith('-'));
    if (!SECRET_NAME.test(name) || !isValue) return [];
    return [{ place: `The value of ${arg.slice(0, arg.indexOf(name) + name.length)}`, advice }];
  });
}

function queryOf(url: string | null): Exposed[] {
  if (url === null || !URL.canParse(url)) return [];
  const advice =
    'Send it in network.headers as ${env:NAME} or ${file:/path}, if the server takes it there.';
  return [...new URL(url).searchParams]
    .filter(([name, value]) => SECRET_NAME.test(name) && value !== '')
    .map(([name]) => ({ place: `"${name}" in the query of network.url`, advice }));
}

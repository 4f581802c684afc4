/** What decides whether the listener may be reachable from other machines. */
export interface BindFacts {
  readonly host: string;
  readonly isLoopback: boolean;
  readonly apiKeysFile: string | null;
}

/** Why the gateway must not listen there, or `null`: whoever reaches it without keys may run commands on this machine. */
export function bindFault({ host, isLoopback, apiKeysFile }: BindFacts): string | null {
  if (isLoopback || apiKeysFile !== null) return null;
  return (
    `SWITCHYARD_HOST=${host} is reachable from other machines, and no API keys are configured. ` +
    'Make one with "switchyard keys create" and name the file in SWITCHYARD_API_KEYS_FILE, ' +
    'or listen on 127.0.0.1.'
  );
}

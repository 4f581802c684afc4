import { isSecretEnvName } from './literal-secret.js';
import { maySecretEnv, type ConfigPolicy } from './config-policy.js';
import { isDangerousEnv } from './dangerous-env.js';
import type { ConfigFault } from './config.errors.js';

/** Our own settings: what is in them is for the gateway alone. */
const OWN = 'SWITCHYARD_';

/**
 * What is wrong with a variable of ours that a command is to inherit. Why not one that holds a secret: what a reference
 * stands for is known, and so can be kept out of logs and answers; what is merely inherited is not.
 */
export function inheritedEnvFault(
  name: string,
  pointer: string,
  policy: Pick<ConfigPolicy, 'secretEnv' | 'envAllow'>,
): ConfigFault | null {
  if (maySecretEnv(policy, name) || isSecretEnvName(name)) {
    const detail = `${name} holds a secret: set it in runtime.env by \${env:${name}} instead.`;
    return { problem: 'secret-denied', pointer, detail };
  }
  if (name.toUpperCase().startsWith(OWN)) {
    return { problem: 'invalid', pointer, detail: `${name} is a setting of the gateway.` };
  }
  if (isDangerousEnv(name, policy.envAllow)) {
    const detail = `${name} changes what the command runs and is not in SWITCHYARD_ENV_ALLOW.`;
    return { problem: 'dangerous-env', pointer, detail };
  }
  return null;
}

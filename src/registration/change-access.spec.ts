import { describe, expect, it } from '@jest/globals';
import { DEFAULT_CONFIG } from '../config/defaults.js';
import type { ServiceConfig } from '../config/service-config.js';
import type { JsonObject } from '../kernel/json.js';
import type { ServiceDocument } from '../registry/service.js';
import { setsExecution, type Executable } from './change-access.js';

const NODE = { command: 'node', args: ['a.js'] };

/** `written` is the service's own layer, `runs` what came of it with its template. */
function service(written: JsonObject, runs: Partial<ServiceConfig['runtime']> = {}): Executable {
  const runtime = { ...DEFAULT_CONFIG.runtime, ...runs };
  return { spec: { config: written }, effective: { ...DEFAULT_CONFIG, runtime } };
}

describe('setsExecution', () => {
  it.each<[string, Executable, Executable | null, boolean]>([
    ['a new remote service', service({ network: { url: 'https://x' } }), null, false],
    ['a new service with limits only', service({ runtime: { replicas: 2 } }), null, false],
    ['a new command', service({ runtime: NODE }, NODE), null, true],
    ['a new environment', service({ runtime: { env: { A: 'b' } } }), null, true],
    ['a command of the template', service({}, NODE), null, true],
    ['a command in an overlay', service({ overlays: { prod: { runtime: NODE } } }), null, true],
    ['the same command', service({ runtime: NODE }, NODE), service({ runtime: NODE }, NODE), false],
    [
      'another argument',
      service({ runtime: { ...NODE, args: ['b.js'] } }, { ...NODE, args: ['b.js'] }),
      service({ runtime: NODE }, NODE),
      true,
    ],
    ['another template that runs something', service({}, NODE), service({}), true],
    ['giving up what was run', service({}), service({ runtime: NODE }, NODE), false],
  ])('of %s is as expected', (_what, wanted, current, expected) => {
    expect(setsExecution(wanted, current as ServiceDocument | null)).toBe(expected);
  });
});

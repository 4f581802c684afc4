import { describe, expect, it } from '@jest/globals';
import { effectiveFaults, isListeningCommand, type HostingFacts } from './effective-rules.js';
import { mergeLayers } from './merge.js';
import type { ConfigFragment } from './service-config.js';

const effective = (fragment: ConfigFragment): ReturnType<typeof mergeLayers>['effective'] =>
  mergeLayers([{ name: 'service', fragment }]).effective;
const facts = (hosting_mode: HostingFacts['hosting_mode']): HostingFacts => ({
  type: 'executable',
  hosting_mode,
});
const COMMAND = { runtime: { command: 'npx' } };
const URL_ONLY = { network: { url: 'http://h/mcp' } };

describe('effectiveFaults', () => {
  it.each<[HostingFacts['hosting_mode'], string, ConfigFragment, string[]]>([
    ['stdio', 'a command', COMMAND, []],
    ['stdio', 'nothing', {}, ['/config/runtime/command']],
    ['stdio', 'a URL', URL_ONLY, ['/config/runtime/command', '/config/network/url']],
    ['sse', 'a URL', URL_ONLY, []],
    ['sse', 'a command', COMMAND, []],
    ['streamable_http', 'nothing', {}, ['/config/network/url']],
    ['streamable_http', 'both', { ...COMMAND, ...URL_ONLY }, ['/config/network/url']],
  ])('for %s with %s', (mode, _what, fragment, pointers) => {
    const faults = effectiveFaults(facts(mode), effective(fragment), '/config');
    expect(faults.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(faults.every(({ problem }) => problem === 'hosting-mismatch')).toBe(true);
  });

  it('finds numbers that contradict one another', () => {
    const config = effective({
      runtime: {
        command: 'npx',
        replicas: 5,
        warm: 6,
        max_instances: 4,
        restart: { first_ms: 20, cap_ms: 10 },
      },
      network: { tls: { cert: 'x' } },
      security: { rate_limit: { window_ms: 500 } },
    });
    expect(effectiveFaults(facts('stdio'), config, '').map(({ pointer }) => pointer)).toEqual([
      '/runtime/replicas',
      '/runtime/warm',
      '/runtime/restart/first_ms',
      '/network/tls/key',
      '/security/rate_limit/requests',
    ]);
  });
});

describe('a limit of CPU', () => {
  const limited = (monitoring: ConfigFragment): string[] => {
    const config = { ...COMMAND, monitoring };
    const runtime = { command: 'npx', limits: { cpu_percent: 50 } };
    const faults = effectiveFaults(facts('stdio'), effective({ ...config, runtime }), '');
    return faults.map(({ pointer }) => pointer);
  };

  it('needs the check that holds it', () => {
    expect(limited({})).toEqual([]);
    const off = { kind: 'performance', enabled: false };
    expect(limited({ checks: [off] })).toEqual(['/runtime/limits/cpu_percent']);
    expect(limited({ checks: [off, { kind: 'performance', name: 'own' }] })).toEqual([]);
  });
});

describe('isListeningCommand', () => {
  it('holds for a command that does not speak stdio', () => {
    expect(isListeningCommand(facts('sse'), effective(COMMAND))).toBe(true);
    expect(isListeningCommand(facts('stdio'), effective(COMMAND))).toBe(false);
    expect(isListeningCommand(facts('sse'), effective(URL_ONLY))).toBe(false);
  });
});

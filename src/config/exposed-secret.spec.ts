import { describe, expect, it } from '@jest/globals';
import { DEFAULT_CONFIG } from './defaults.js';
import { exposedSecrets } from './exposed-secret.js';

function placesIn(args: readonly string[], url: string | null): string[] {
  const { runtime, network } = DEFAULT_CONFIG;
  const config = { ...DEFAULT_CONFIG, runtime: { ...runtime, args }, network: { ...network, url } };
  return exposedSecrets(config).map((sentence) => sentence.split(' looks like a secret')[0] ?? '');
}

describe('a secret that is written where references are not taken', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['--token=abc'], ['The value of --token']],
    [['--api-key', 'abc'], ['The value of --api-key']],
    [
      ['--db-password=x', '-v', '--GITHUB_TOKEN=y'],
      ['The value of --db-password', 'The value of --GITHUB_TOKEN'],
    ],
    [['--token-limit=5', '--tokens', '3', 'token=abc'], []],
    [['--token'], []],
    [['--token', '--verbose'], []],
    [['--token='], []],
    [['-y', '@scope/server', '/data'], []],
  ])('is told of in %j: %j', (args, places) => {
    expect(placesIn(args, null)).toEqual(places);
  });

  it.each<[string, readonly string[]]>([
    ['https://a.test/mcp?api_key=abc&x=1', ['"api_key" in the query of network.url']],
    ['https://a.test/mcp?token=', []],
    ['https://a.test/mcp?max_tokens=5', []],
    ['https://a.test/mcp', []],
  ])('is told of in %s: %j', (url, places) => {
    expect(placesIn([], url)).toEqual(places);
  });

  it('is told of with what to do, and never with its value', () => {
    const args = ['--token=canary-1'];
    const { runtime } = DEFAULT_CONFIG;
    const [sentence = ''] = exposedSecrets({ ...DEFAULT_CONFIG, runtime: { ...runtime, args } });
    expect(sentence).toContain('runtime.env');
    expect(sentence).not.toContain('canary');
  });
});

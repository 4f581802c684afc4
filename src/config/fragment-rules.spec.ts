import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { ConfigPolicy } from './config-policy.js';
import { fragmentFaults } from './fragment-rules.js';

const POLICY: ConfigPolicy = {
  egress: 'any',
  ownListeners: [{ address: '127.0.0.1', port: 8090 }],
  secretEnv: ['SWITCHYARD_SECRET_*'],
  secretDirs: ['/run/secrets'],
  envAllow: [],
};

const faultsOf = (fragment: JsonObject, policy: Partial<ConfigPolicy> = {}): string[] =>
  fragmentFaults(fragment, '/config', { ...POLICY, ...policy }).map(
    ({ problem, pointer }) => `${problem} ${pointer}`,
  );

describe('fragmentFaults', () => {
  it('accepts references where they are resolved', () => {
    const fragment = {
      runtime: {
        command: 'npx',
        env: { API_TOKEN: '${env:SWITCHYARD_SECRET_A}', PORT_HINT: '${port}' },
      },
      network: {
        headers: { authorization: 'Bearer ${file:/run/secrets/token}' },
        tls: { ca: '-----BEGIN', key: '${file:/run/secrets/tls/key.pem}' },
      },
    };
    expect(faultsOf(fragment)).toEqual([]);
  });

  it.each<[string, string, string, string[]]>([
    ['a reference', 'https://a.example/x', '${env:SWITCHYARD_SECRET_HOOK}', []],
    [
      'a secret that is written out',
      'https://a.example/x',
      'whsec_abc',
      ['literal-secret /config/integration/webhooks/0/secret'],
    ],
    [
      'a reference with something around it',
      'https://a.example/x',
      'whsec_${env:SWITCHYARD_SECRET_HOOK}',
      ['invalid /config/integration/webhooks/0/secret'],
    ],
    [
      'a reference that is not allowed',
      'https://a.example/x',
      '${env:HOME}',
      ['secret-denied /config/integration/webhooks/0/secret'],
    ],
    [
      'a malformed reference',
      'https://a.example/x',
      '${env:}',
      ['invalid /config/integration/webhooks/0/secret'],
    ],
    [
      'a URL that leads to the metadata of the machine',
      'http://169.254.169.254/',
      '${env:SWITCHYARD_SECRET_HOOK}',
      ['url-refused /config/integration/webhooks/0/url'],
    ],
    [
      'a reference in the URL',
      'https://a.example/${env:SWITCHYARD_SECRET_HOOK}',
      '${env:SWITCHYARD_SECRET_HOOK}',
      ['secret-misplaced /config/integration/webhooks/0/url'],
    ],
  ])('judges the webhook with %s', (_what, url, secret, faults) => {
    expect(faultsOf({ integration: { webhooks: [{ url, secret }] } })).toEqual(faults);
    const overlays = { prod: { integration: { webhooks: [{ url, secret }] } } };
    const inOverlay = faults.map((fault) => fault.replace('/config/', '/config/overlays/prod/'));
    expect(faultsOf({ overlays })).toEqual(inOverlay);
  });

  it.each<[string, JsonObject, string]>([
    [
      'a literal token',
      { runtime: { env: { API_TOKEN: 'abc' } } },
      'literal-secret /config/runtime/env/API_TOKEN',
    ],
    [
      'a literal header',
      { network: { headers: { Cookie: 'a=b' } } },
      'literal-secret /config/network/headers/Cookie',
    ],
    [
      'a literal key',
      { network: { tls: { key: '-----BEGIN' } } },
      'literal-secret /config/network/tls/key',
    ],
    [
      'a half literal key',
      { network: { tls: { key: 'x${file:/run/secrets/a}' } } },
      'literal-secret /config/network/tls/key',
    ],
    [
      'a dangerous variable',
      { runtime: { env: { LD_PRELOAD: '/x.so' } } },
      'dangerous-env /config/runtime/env/LD_PRELOAD',
    ],
    [
      'a secret of ours that is merely inherited',
      { security: { env_allow: ['EDITOR', 'MY_TOKEN'] } },
      'secret-denied /config/security/env_allow/1',
    ],
    [
      'another variable of ours',
      { runtime: { env: { A: '${env:HOME}' } } },
      'secret-denied /config/runtime/env/A',
    ],
    [
      'another file',
      { runtime: { env: { A: '${file:/etc/passwd}' } } },
      'secret-denied /config/runtime/env/A',
    ],
    [
      'a file beside the directory',
      { runtime: { env: { A: '${file:/run/secretsx/a}' } } },
      'secret-denied /config/runtime/env/A',
    ],
    [
      'a malformed reference',
      { runtime: { env: { A: '${file:x}' } } },
      'invalid /config/runtime/env/A',
    ],
    [
      'a reference in args',
      { runtime: { args: ['--key=${env:SWITCHYARD_SECRET_A}'] } },
      'secret-misplaced /config/runtime/args/0',
    ],
    [
      'a reference in a URL',
      { network: { url: 'http://h/?k=${env:SWITCHYARD_SECRET_A}' } },
      'secret-misplaced /config/network/url',
    ],
    [
      'a reference in an extension',
      { extensions: { a: { b: ['${env:X}'] } } },
      'secret-misplaced /config/extensions/a/b/0',
    ],
    [
      'a header of ours',
      { network: { headers: { 'Mcp-Session-Id': 'x' } } },
      'invalid /config/network/headers/Mcp-Session-Id',
    ],
    [
      'a header twice',
      { network: { headers: { 'X-A': '1', 'x-a': '2' } } },
      'invalid /config/network/headers/x-a',
    ],
    [
      'a URL with credentials',
      { network: { url: 'http://a:b@h/' } },
      'url-refused /config/network/url',
    ],
    [
      'the metadata service',
      { network: { url: 'http://169.254.169.254/' } },
      'url-refused /config/network/url',
    ],
    [
      'our own listener',
      { network: { url: 'http://127.0.0.1:8090/mcp/a' } },
      'url-refused /config/network/url',
    ],
    [
      'a fault in an overlay',
      { overlays: { prod: { runtime: { env: { A_TOKEN: 'x' } } } } },
      'literal-secret /config/overlays/prod/runtime/env/A_TOKEN',
    ],
  ])('refuses %s', (_what, fragment, fault) => {
    expect(faultsOf(fragment)).toEqual([fault]);
  });

  it('accepts references in an overlay where they are resolved', () => {
    const env = { A_TOKEN: '${env:SWITCHYARD_SECRET_A}' };
    expect(faultsOf({ overlays: { prod: { runtime: { env } } } })).toEqual([]);
  });

  it('refuses loopback addresses only when egress is public', () => {
    const fragment = { network: { url: 'http://127.0.0.1:9000/mcp' } };
    expect(faultsOf(fragment)).toEqual([]);
    expect(faultsOf(fragment, { egress: 'public' })).toEqual(['url-refused /config/network/url']);
  });

  it('accepts a dangerous variable that the settings allow', () => {
    const fragment = { runtime: { env: { PYTHONUNBUFFERED: '1' } } };
    expect(faultsOf(fragment, { envAllow: ['PYTHONUNBUFFERED'] })).toEqual([]);
    expect(faultsOf(fragment)).toHaveLength(1);
  });

  it('never repeats a literal secret in what it says', () => {
    const fragment = {
      runtime: { env: { API_TOKEN: 'hunter2hunter2' } },
      network: {
        headers: { authorization: 'Bearer hunter2hunter2' },
        url: 'http://u:hunter2hunter2@h/',
      },
    };
    expect(JSON.stringify(fragmentFaults(fragment, '', POLICY))).not.toContain('hunter2');
  });
});

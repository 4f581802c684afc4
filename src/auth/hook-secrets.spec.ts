import { describe, expect, it } from '@jest/globals';
import { KeyFileError } from './api-keys.js';
import { parseHookSecrets } from './hook-secrets.js';

const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const file = (...secrets: unknown[]): Buffer => Buffer.from(JSON.stringify({ secrets }));

function faultsOf(content: Buffer): readonly string[] {
  try {
    parseHookSecrets(content);
  } catch (error) {
    if (error instanceof KeyFileError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseHookSecrets', () => {
  it.each([[24], [32], [64]])('reads a secret of %p bytes', (bytes) => {
    expect(parseHookSecrets(file({ id: 'gen', secret: secretOf(bytes) }))).toEqual([
      { id: 'gen', key: Buffer.alloc(bytes, 7) },
    ]);
  });

  it('reads several secrets in their order, or none', () => {
    const secrets = ['a', 'b'].map((id) => ({ id, secret: secretOf(24) }));
    expect(parseHookSecrets(file(...secrets)).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(parseHookSecrets(file())).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['too short', secretOf(23)],
    ['too long', secretOf(65)],
    ['without its prefix', Buffer.alloc(32).toString('base64')],
    ['an asymmetric key', `whsk_${Buffer.alloc(32).toString('base64')}`],
    ['nothing but the prefix', 'whsec_'],
    [
      'a sentence, which lenient readers take for base64',
      `whsec_${'this is no base64! '.repeat(4)}`,
    ],
    ['mistyped in one place', secretOf(32).replace('w', 'w!')],
    ['cut off', secretOf(32).slice(0, -3)],
    ['not a text', 7],
  ])('refuses a secret that is %s', (_what, secret) => {
    expect(faultsOf(file({ id: 'gen', secret }))).toEqual([
      '/secrets/0/secret is not "whsec_" and 24 to 64 bytes in base64',
    ]);
  });

  it('tells every fault at once, and never the secret', () => {
    const secret = secretOf(24);
    const faults = faultsOf(
      file('x', { id: '-', secret }, { id: 'a', secret, key: 1 }, { id: 'a', secret }),
    );
    expect(faults).toEqual([
      'Two entries have the id "a"',
      '/secrets/0 is not an object',
      '/secrets/1/id is not a name of letters, digits, ".", "_" and "-" (at most 64)',
      '/secrets/2/key is unknown',
    ]);
  });

  it('refuses a file of API keys', () => {
    expect(faultsOf(Buffer.from('{"keys":[]}'))).toEqual([
      'The file is not an object with an array "secrets"',
    ]);
  });
});

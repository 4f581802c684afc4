import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { ManualClock } from '../../test/support/manual-clock.js';
import { sha256Hex } from '../kernel/ids.js';
import { MAX_KEY_CHARS, type ApiKey } from './api-keys.js';
import { KeyAuthenticator } from './key.authenticator.js';

const STARTED_AT = Date.UTC(2026, 0, 1);

function apiKey(id: string, secret: string, expiresAtMs: number | null = null): ApiKey {
  return {
    principal: { id, kind: 'key', scopes: new Set(['read']), services: null },
    digest: Buffer.from(sha256Hex(secret), 'hex'),
    expiresAtMs,
  };
}

function idOf(headers: IncomingHttpHeaders, keys: readonly ApiKey[]): string | null {
  const authenticator = new KeyAuthenticator(() => keys, new ManualClock(STARTED_AT));
  return authenticator.authenticate(headers)?.id ?? null;
}

const KEYS = [apiKey('one', 'sy_1'), apiKey('two', 'sy_2'), apiKey('three', 'sy_3')];

describe('KeyAuthenticator', () => {
  it('needs credentials', () => {
    expect(new KeyAuthenticator(() => KEYS, new ManualClock()).required).toBe(true);
  });

  it.each<[string, IncomingHttpHeaders, string]>([
    ['a bearer token', { authorization: 'Bearer sy_1' }, 'one'],
    ['a bearer token in any letter case', { authorization: 'bEaReR sy_2' }, 'two'],
    ['a bearer token after several blanks', { authorization: 'Bearer   sy_3' }, 'three'],
    ['its own header', { 'x-api-key': 'sy_2' }, 'two'],
    [
      'its own header beside another scheme',
      { authorization: 'Basic a', 'x-api-key': 'sy_2' },
      'two',
    ],
    ['the bearer token first', { authorization: 'Bearer sy_1', 'x-api-key': 'sy_2' }, 'one'],
  ])('finds the key in %s', (_where, headers, id) => {
    expect(idOf(headers, KEYS)).toBe(id);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['no credentials', {}],
    ['an unknown key', { authorization: 'Bearer sy_4' }],
    ['a key in another letter case', { authorization: 'Bearer SY_1' }],
    ['the hash instead of the key', { authorization: `Bearer ${sha256Hex('sy_1')}` }],
    ['a key without its scheme', { authorization: 'sy_1' }],
    ['a key under another scheme', { authorization: 'Basic sy_1' }],
    ['a scheme that only begins like ours', { authorization: 'Bearers sy_1' }],
    ['an empty bearer token', { authorization: 'Bearer ' }],
    ['an empty header', { 'x-api-key': '' }],
    ['two keys in one header', { 'x-api-key': 'sy_1, sy_2' }],
    [
      'a wrong bearer token beside a good header',
      { authorization: 'Bearer x', 'x-api-key': 'sy_1' },
    ],
  ])('knows nobody by %s', (_what, headers) => {
    expect(idOf(headers, KEYS)).toBeNull();
  });

  it('does not hash what is too long to be a key', () => {
    const longest = 'k'.repeat(MAX_KEY_CHARS);
    const keys = [apiKey('longest', longest), apiKey('longer', `${longest}k`)];
    expect(idOf({ 'x-api-key': longest }, keys)).toBe('longest');
    expect(idOf({ 'x-api-key': `${longest}k` }, keys)).toBeNull();
  });

  it('knows nobody where the file holds no keys', () => {
    expect(idOf({ authorization: 'Bearer sy_1' }, [])).toBeNull();
  });

  it('takes a key until the very moment of its expiry', async () => {
    const clock = new ManualClock(STARTED_AT);
    const keys = [apiKey('brief', 'sy_b', STARTED_AT + 1_000), apiKey('lasting', 'sy_l')];
    const authenticator = new KeyAuthenticator(() => keys, clock);
    const who = (key: string): string | undefined =>
      authenticator.authenticate({ 'x-api-key': key })?.id;
    await clock.advance(999);
    expect([who('sy_b'), who('sy_l')]).toEqual(['brief', 'lasting']);
    await clock.advance(1);
    expect([who('sy_b'), who('sy_l')]).toEqual([undefined, 'lasting']);
  });

  it('follows the keys as they change', () => {
    let keys: readonly ApiKey[] = KEYS;
    const authenticator = new KeyAuthenticator(() => keys, new ManualClock());
    const headers = { authorization: 'Bearer sy_1' };
    expect(authenticator.authenticate(headers)?.id).toBe('one');
    keys = KEYS.slice(1);
    expect(authenticator.authenticate(headers)).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { isGranted, pageGrant } from './page-grant.js';

const PAGES = {
  origins: ['https://Console.example:443', 'http://[::1]:5173'],
  methods: ['GET', 'POST'],
  headers: ['X-Team'],
};

const from = (origin: string | undefined, method = 'POST'): IncomingMessage =>
  ({ method, headers: origin === undefined ? {} : { origin } }) as unknown as IncomingMessage;

describe('pageGrant', () => {
  it('is null for no pages, so that nothing is asked of a request', () => {
    expect(pageGrant({ ...PAGES, origins: [] })).toBeNull();
    expect(pageGrant({ ...PAGES, origins: ['null', '*'] })).toBeNull();
  });

  it('spells origins and headers in one way', () => {
    expect(pageGrant(PAGES)).toEqual({
      origins: ['https://console.example', 'http://[::1]:5173'],
      methods: ['GET', 'POST'],
      headers: ['x-team'],
    });
  });
});

describe('isGranted', () => {
  const grant = pageGrant(PAGES);

  it.each<[string | undefined, string, boolean]>([
    ['https://console.example', 'POST', true],
    ['https://CONSOLE.example', 'GET', true],
    ['https://console.example', 'OPTIONS', true],
    ['http://[::1]:5173', 'POST', true],
    ['https://console.example', 'DELETE', false],
    ['http://console.example', 'POST', false],
    ['https://console.example:8443', 'POST', false],
    ['https://console.example.evil', 'POST', false],
    ['null', 'POST', false],
    [undefined, 'POST', false],
  ])('%s by %s: %s', (origin, method, granted) => {
    expect(isGranted(grant, from(origin, method))).toBe(granted);
    expect(isGranted(null, from(origin, method))).toBe(false);
  });
});

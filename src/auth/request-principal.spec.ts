import { describe, expect, it } from '@jest/globals';
import { pathOf, type AdmittedRequest } from './request-principal.js';

const request = (members: Partial<AdmittedRequest>): AdmittedRequest => members as AdmittedRequest;

describe('pathOf', () => {
  it.each([
    ['the path', { url: '/api/v1/services' }, '/api/v1/services'],
    ['the path without its query', { url: '/a?b=/c' }, '/a'],
    ['only the first question mark as the begin of the query', { url: '/a?b?c' }, '/a'],
    ['nothing but the root of a bare query', { url: '/?' }, '/'],
    ['the path as it was encoded', { url: '/a%2Fb%3Fc' }, '/a%2Fb%3Fc'],
    [
      'the path as it came, where a router has cut it',
      { url: '/x', originalUrl: '/a/x?q' },
      '/a/x',
    ],
    ['the root when there is no path', {}, '/'],
  ])('sees %s', (_what, members, path) => {
    expect(pathOf(request(members))).toBe(path);
  });
});

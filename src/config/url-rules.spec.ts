import { describe, expect, it } from '@jest/globals';
import { literalAddress, urlFault } from './url-rules.js';

describe('urlFault', () => {
  it.each(['https://example.org/mcp', 'http://127.0.0.1:9000/sse?x=1', 'http://[::1]/mcp'])(
    'accepts %s',
    (url) => {
      expect(urlFault(url)).toBeNull();
    },
  );

  it.each([
    ['/mcp', /absolute/],
    ['ftp://example.org', /http/],
    ['file:///etc/passwd', /http/],
    ['https://user:pw@example.org', /credentials/],
    ['https://user@example.org', /credentials/],
    ['https://example.org/#x', /fragment/],
    ['https://example.org/#', /fragment/],
  ])('refuses %s', (url, fault) => {
    expect(urlFault(url)).toMatch(fault);
  });
});

describe('literalAddress', () => {
  it.each([
    ['http://127.0.0.1:80/', '127.0.0.1'],
    ['http://[::1]:80/', '::1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://example.org/', null],
    ['nonsense', null],
  ])('of %s is %s', (url, address) => {
    expect(literalAddress(url)).toBe(address);
  });
});

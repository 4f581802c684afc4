import { describe, expect, it } from '@jest/globals';
import { baseUrlOf } from './base-url.js';

describe('baseUrlOf', () => {
  const own = { publicUrl: null, host: '127.0.0.1', port: 8090, tlsCert: null };

  it.each([
    [own, 'http://127.0.0.1:8090'],
    [{ ...own, host: '::1' }, 'http://[::1]:8090'],
    [{ ...own, host: '0.0.0.0' }, 'http://localhost:8090'],
    [{ ...own, tlsCert: '/srv/cert.pem' }, 'https://127.0.0.1:8090'],
    [{ ...own, host: '::' }, 'http://localhost:8090'],
    [{ ...own, publicUrl: 'https://gw.example/base/' }, 'https://gw.example/base'],
    [{ ...own, publicUrl: 'https://a.example/mcp-gate/' }, 'https://a.example/mcp-gate'],
  ])('of %j is %s', (facts, url) => {
    expect(baseUrlOf(facts)).toBe(url);
  });
});

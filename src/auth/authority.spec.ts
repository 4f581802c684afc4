import { describe, expect, it } from '@jest/globals';
import { normalOrigin, parseAuthority, parseOrigin } from './authority.js';

describe('parseAuthority', () => {
  it.each<[string, string, number | null]>([
    ['localhost', 'localhost', null],
    ['LocalHost:8090', 'localhost', 8090],
    ['localhost.', 'localhost', null],
    ['localhost.:80', 'localhost', 80],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]', '[::1]', null],
    ['[::1]:65535', '[::1]', 65_535],
    ['[FE80::1]:80', '[fe80::1]', 80],
    ['my_host.example:08090', 'my_host.example', 8090],
    ['a', 'a', null],
  ])('reads %p', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port });
  });

  it.each([
    [''],
    [':80'],
    ['localhost:'],
    ['localhost:80:80'],
    ['localhost:65536'],
    ['localhost:-1'],
    ['localhost:8x'],
    ['localhost:123456'],
    ['::1'],
    ['[::1'],
    ['::1]'],
    ['[::1]x'],
    ['[::1]80'],
    ['[localhost]'],
    ['[fe80::1%25eth0]'],
    ['user@localhost'],
    ['user:pass@localhost:80'],
    ['localhost/evil'],
    ['localhost\\evil'],
    ['localhost#evil'],
    ['local host'],
    ['localhost\t'],
    ['.localhost'],
    ['localhost..'],
    ['-localhost'],
    ['localhost,evil.example'],
    ['l%6fcalhost'],
    ['a'.repeat(300)],
  ])('refuses %p', (text) => {
    expect(parseAuthority(text)).toBeNull();
  });
});

describe('parseOrigin', () => {
  it.each([
    ['http://a.example', { scheme: 'http', host: 'a.example', port: 80 }],
    ['https://a.example', { scheme: 'https', host: 'a.example', port: 443 }],
    ['HTTPS://A.Example:8443', { scheme: 'https', host: 'a.example', port: 8443 }],
    ['http://[::1]:8090', { scheme: 'http', host: '[::1]', port: 8090 }],
  ])('reads %p', (origin, parsed) => {
    expect(parseOrigin(origin)).toEqual(parsed);
  });

  it.each([
    ['null'],
    [''],
    ['localhost'],
    ['//localhost'],
    ['file://'],
    ['ftp://localhost'],
    ['chrome-extension://abcdef'],
    ['http://'],
    ['http:localhost'],
    ['http:/localhost'],
    ['http:///localhost'],
    ['http://localhost/'],
    ['http://localhost/path'],
    ['http://localhost?x'],
    ['http://localhost#x'],
    ['http://localhost\\.evil.example'],
    ['http://localhost@evil.example'],
    ['http://localhost:8090@evil.example'],
    ['http://evil.example http://localhost'],
    ['http://localhost, http://evil.example'],
    [' http://localhost'],
    ['http://localhost\n'],
  ])('refuses %p', (origin) => {
    expect(parseOrigin(origin)).toBeNull();
  });
});

describe('normalOrigin', () => {
  it.each([
    ['HTTP://A.example:80', 'http://a.example'],
    ['https://a.example:443', 'https://a.example'],
    ['https://a.example.', 'https://a.example'],
    ['http://a.example:443', 'http://a.example:443'],
    ['https://a.example:80', 'https://a.example:80'],
    ['http://[::1]:8090', 'http://[::1]:8090'],
  ])('spells %p as %p', (origin, normal) => {
    expect(normalOrigin(origin)).toBe(normal);
  });

  it('has no spelling for what is no origin', () => {
    expect(normalOrigin('null')).toBeNull();
  });
});

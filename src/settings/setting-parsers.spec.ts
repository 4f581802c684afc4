import { describe, expect, it } from '@jest/globals';
import {
  hostName,
  listOf,
  matching,
  oneOf,
  pathFrom,
  publicUrl,
  SettingFault,
  wholeNumber,
} from './setting-parsers.js';

describe('hostName', () => {
  it.each([
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['my-host.example', 'my-host.example'],
    ['abc', 'abc'],
  ])('reads %p', (text, host) => {
    expect(hostName(text)).toBe(host);
  });

  it.each([
    ['localhost:8090'],
    ['127.0.0.1:8090'],
    ['[::1]:8090'],
    ['abc:80'],
    [':'],
    ['...'],
    ['1:2:3'],
    ['[127.0.0.1]'],
    ['[]'],
    ['[::1'],
    ['http://localhost'],
    ['a b'],
    ['-a'],
    ['a-'],
    ['a/b'],
    [''],
  ])('refuses %p', (text) => {
    expect(() => hostName(text)).toThrow(SettingFault);
  });
});

describe('wholeNumber', () => {
  const parse = wholeNumber(1, 100);

  it.each([
    ['1', 1],
    ['100', 100],
    ['007', 7],
  ])('reads %p', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    ['0'],
    ['101'],
    ['-1'],
    ['+1'],
    ['1.0'],
    ['1e1'],
    ['0x1'],
    [' 1'],
    ['1\n'],
    [''],
    ['one'],
  ])('refuses %p', (text) => {
    expect(() => parse(text)).toThrow('is not a whole number from 1 to 100');
  });
});

describe('oneOf', () => {
  it('takes the very words and names them all when it refuses', () => {
    const parse = oneOf('any', 'public');
    expect(parse('any')).toBe('any');
    for (const text of ['Any', 'any ', '', 'none']) {
      expect(() => parse(text)).toThrow('is not one of any, public');
    }
  });
});

describe('matching', () => {
  it('takes what fits and else says its claim', () => {
    const parse = matching(/^[a-z]+$/, 'is not a word');
    expect(parse('word')).toBe('word');
    expect(() => parse('2')).toThrow('is not a word');
  });
});

describe('listOf', () => {
  const parse = listOf(/^[a-z]+$/, 'is not a word');

  it.each<[string, string[]]>([
    ['a,b', ['a', 'b']],
    [' a , b ', ['a', 'b']],
    ['a,,b,', ['a', 'b']],
    ['', []],
    [' , ', []],
  ])('reads %p', (text, items) => {
    expect(parse(text)).toEqual(items);
  });

  it('names the item that does not fit', () => {
    expect(() => parse('a,2,b')).toThrow('has the item "2", which is not a word');
  });

  it('may ask a predicate, and freezes what it answers', () => {
    const short = listOf((item) => item.length < 3, 'is long');
    expect(Object.isFrozen(short('a,bc'))).toBe(true);
    expect(() => short('abc')).toThrow('is long');
  });
});

describe('pathFrom', () => {
  const parse = pathFrom('/srv/gateway');

  it.each([
    ['data', '/srv/gateway/data'],
    ['./data/', '/srv/gateway/data'],
    ['../other', '/srv/other'],
    ['/var/lib/x', '/var/lib/x'],
  ])('takes %p for %p', (text, path) => {
    expect(parse(text)).toBe(path);
  });

  it('refuses a NUL', () => {
    expect(() => parse('a\0b')).toThrow(SettingFault);
  });
});

describe('publicUrl', () => {
  it.each([
    ['http://a.example', 'http://a.example'],
    ['https://A.Example:443/', 'https://a.example'],
    ['https://a.example:8443/base/', 'https://a.example:8443/base'],
    ['http://[::1]:8090//', 'http://[::1]:8090'],
  ])('takes %p for %p', (text, url) => {
    expect(publicUrl(text)).toBe(url);
  });

  it.each([
    ['a.example'],
    ['a.example:8090'],
    ['/base'],
    ['ftp://a.example'],
    ['javascript:alert(1)'],
    ['https://user@a.example'],
    ['https://:pass@a.example'],
    ['https://a.example?x=1'],
    ['https://a.example#x'],
    ['https://a.example:99999'],
    ['https://'],
  ])('refuses %p', (text) => {
    expect(() => publicUrl(text)).toThrow(SettingFault);
  });
});

import { describe, expect, it } from '@jest/globals';
import { hopRefusal, hopsOf, httpTarget } from './http-target.js';

describe('httpTarget', () => {
  it.each([
    ['http://h/a?b=1#c', 80, '/a?b=1'],
    ['https://h', 443, '/'],
    ['http://[::1]:81/x', 81, '/x'],
  ])('%s', (url, port, path) => {
    expect(httpTarget(url, {})).toMatchObject({ port, path });
  });

  it.each(['', 'h/a', 'ftp://h/', 'file:///etc/passwd', 'http://u@h/', 'http://u:p@h/'])(
    'refuses %j without repeating it',
    (url) => {
      expect(() => httpTarget(url, {})).toThrow(expect.objectContaining({ code: 'bad-url' }));
    },
  );

  it('takes configured headers, but none that are ours', () => {
    const target = httpTarget('http://h/', {
      Authorization: 'x',
      Host: 'y',
      'Mcp-Session-Id': 'z',
    });
    expect(target.headers).toEqual(['authorization', 'x']);
    expect([...target.fixed]).toEqual(expect.arrayContaining(['authorization', 'host']));
  });
});

describe('hops', () => {
  it.each([
    [undefined, 0],
    ['0', 0],
    ['2', 2],
    ['-1', 3],
    ['x', 3],
    ['1.5', 3],
  ])('%s counts as %d', (value, hops) => {
    expect(hopsOf(value)).toBe(hops);
  });

  it('stop at the third gateway', () => {
    expect(hopRefusal(2)).toBeNull();
    expect(hopRefusal(3)).toMatchObject({ code: 'hop-limit' });
  });
});

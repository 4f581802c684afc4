import { describe, expect, it } from '@jest/globals';
import { decodeBase64 } from './base64.js';

describe('decodeBase64', () => {
  it.each([
    ['', ''],
    ['AA==', '00'],
    ['AA', '00'],
    ['+/+/', 'fbffbf'],
    ['AAECAwQF', '000102030405'],
  ])('reads %p', (text, hex) => {
    expect(decodeBase64(text)?.toString('hex')).toBe(hex);
  });

  it.each([
    ['a character that is none of base64', 'AA!A'],
    ['a line break', 'AAAA\n'],
    ['a blank', 'AA AA'],
    ['the alphabet for URLs', '-_-_'],
    ['padding inside', 'AA==AAAA'],
    ['too much padding', 'AAAA=='],
    ['too little padding', 'AA='],
    ['a lone last character', 'AAAAA'],
    ['bits that no byte holds', 'AB=='],
  ])('refuses %s', (_what, text) => {
    expect(decodeBase64(text)).toBeNull();
  });
});

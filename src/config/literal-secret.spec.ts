import { describe, expect, it } from '@jest/globals';
import { isLiteralEnv, isLiteralHeader } from './literal-secret.js';

describe('isLiteralEnv', () => {
  it.each([
    ['GITHUB_TOKEN', 'abc', true],
    ['my_secret', 'abc', true],
    ['DB_PASSWORD', 'abc', true],
    ['OPENAI_API_KEY', 'abc', true],
    ['TLS_PRIVATE_KEY', 'abc', true],
    ['GITHUB_TOKEN', '${env:SWITCHYARD_SECRET_GH}', false],
    ['GITHUB_TOKEN', '', false],
    ['GITHUB_TOKEN', '${HOME}', true],
    ['REGION', 'eu', false],
  ])('%s=%s: %s', (name, value, expected) => {
    expect(isLiteralEnv(name, value)).toBe(expected);
  });
});

describe('isLiteralHeader', () => {
  it.each([
    ['Authorization', 'Bearer abc', true],
    ['authorization', 'Bearer ${env:T}', false],
    ['authorization', '${env:T}', false],
    ['authorization', 'Bearer secretpart.more/${env:T}', true],
    ['Proxy-Authorization', 'Basic abc', true],
    ['Cookie', 'sid=abc', true],
    ['Cookie', 'sid=${env:S}; other=${env:O}', false],
    ['Cookie', 'sid=${env:S}; other=abc', true],
    ['X-API-Key', 'abc', true],
    ['api-key', 'abc', true],
    ['x-apikey', 'abc', true],
    ['X-Api-Key', '${file:/s/k}', false],
    ['X-Api-Key-Id', 'abc', false],
    ['X-Region', 'eu', false],
  ])('%s: %s is literal: %s', (name, value, expected) => {
    expect(isLiteralHeader(name, value)).toBe(expected);
  });
});

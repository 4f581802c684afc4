import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { PinoLogger } from './pino.logger.js';

class Lines {
  readonly written: string[] = [];

  write(line: string): void {
    this.written.push(line);
  }

  get last(): JsonObject {
    return JSON.parse(this.written.at(-1) ?? '{}') as JsonObject;
  }
}

describe('PinoLogger', () => {
  it('writes a line of JSON with level, time, fields and sentence', () => {
    const lines = new Lines();
    new PinoLogger('info', lines).info({ port: 1 }, 'listening');
    expect(lines.last).toMatchObject({ level: 'info', port: 1, msg: 'listening' });
    expect(lines.last.time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it.each([
    ['silent', 0],
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const)('at %s writes %p of the four levels', (level, expected) => {
    const lines = new Lines();
    const logger = new PinoLogger(level, lines);
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name);
    expect(lines.written).toHaveLength(expected);
  });

  it.each([
    { authorization: 'Bearer s3cret' },
    { headers: { authorization: 'Bearer s3cret' } },
    { request: { headers: { 'x-api-key': 's3cret' } } },
    { headers: { cookie: 's3cret', 'mcp-session-id': 's3cret' } },
    { settings: { password: 's3cret' } },
  ])('writes no credentials: %j', (fields) => {
    const lines = new Lines();
    new PinoLogger('info', lines).info(fields, 'x');
    expect(lines.written.join()).not.toContain('s3cret');
    expect(lines.written.join()).toContain('[redacted]');
  });

  it('adds the fields of a child, credentials left out there too', () => {
    const lines = new Lines();
    new PinoLogger('info', lines).child({ part: 'p', token: 's3cret' }).warn({ a: 1 }, 'x');
    expect(lines.last).toMatchObject({ part: 'p', a: 1, token: '[redacted]' });
  });

  it('writes errors with their stack', () => {
    const lines = new Lines();
    new PinoLogger('info', lines).error({ err: new TypeError('bad') }, 'x');
    expect(lines.last.err).toMatchObject({ type: 'TypeError', message: 'bad' });
  });
});

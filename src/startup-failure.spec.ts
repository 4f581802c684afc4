import { describe, expect, it } from '@jest/globals';
import { ProblemError } from './kernel/problem.js';
import { SettingsError } from './settings/settings.loader.js';
import type { Settings } from './settings/settings.js';
import { startupFailure } from './startup-failure.js';

const settings = { host: '127.0.0.1', port: 8090 } as Settings;

function systemError(code: string, syscall: string, message: string): Error {
  return Object.assign(new Error(message), { code, syscall });
}

const locked = new ProblemError(
  'storage.locked',
  { status: 503, title: 'Locked', action: 'Stop the other process.', level: 'error' },
  { detail: 'Process 7 holds /data/lock.' },
);

describe('startupFailure', () => {
  it.each<[string, unknown, RegExp]>([
    ['a problem with what to do', locked, /^Switchyard .*: Process 7 holds .*\nNext: Stop the /],
    [
      'a port in use by its name',
      systemError('EADDRINUSE', 'listen', 'listen EADDRINUSE'),
      /port 8090 of 127\.0\.0\.1 .*\nNext: .*SWITCHYARD_PORT\.$/,
    ],
    [
      'a directory that cannot be written by its path',
      systemError('EROFS', 'open', "EROFS: read-only file system, open '/data/lock'"),
      /\/data\/lock.*\nNext: .*SWITCHYARD_DATA_DIR/,
    ],
    ['something that is no error', 'broken', /^broken$/],
  ])('tells %s, without a stack', (_name, error, expected) => {
    const text = startupFailure(error, settings);
    expect(text).toMatch(expected);
    expect(text).not.toContain('    at ');
  });

  it('tells faults of the settings as they are', () => {
    const error = new SettingsError(['PORT is no number']);
    expect(startupFailure(error, null)).toBe(error.message);
  });

  it('shows the stack of a bug', () => {
    expect(startupFailure(new TypeError('x is undefined'), settings)).toContain('    at ');
  });
});

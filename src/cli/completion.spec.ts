import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FakeTerminal } from '../../test/support/fake-terminal.js';
import { run } from './program.js';

afterEach(() => {
  jest.restoreAllMocks();
});

async function completed(line: readonly string[], terminal: FakeTerminal): Promise<string[]> {
  const printed: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((given: unknown) => {
    printed.push(String(given));
  });
  await run(['complete', '--', ...line], terminal);
  return printed;
}

describe('the completion of a shell', () => {
  const services = { 'GET /api/v1/services?limit=500': { body: { items: [{ name: 'weather' }] } } };

  it('knows the services of the gateway', async () => {
    expect(await completed(['show', 'we'], new FakeTerminal(services))).toContain(
      'weather\tservice',
    );
  });

  it('says nothing that the shell would carry out', async () => {
    const items = [{ name: '$(reboot)' }, { name: 'a`b`' }, { name: 'weather' }];
    const answers = { 'GET /api/v1/services?limit=500': { body: { items } } };
    const lines = await completed(['show', ''], new FakeTerminal(answers));
    expect(lines.filter((line) => line.endsWith('service'))).toEqual(['weather\tservice']);
  });

  it('leaves no request behind that would keep the shell waiting', async () => {
    const terminal = new FakeTerminal();
    const signals: (AbortSignal | null | undefined)[] = [];
    const silent = Object.assign(Object.create(terminal) as FakeTerminal, {
      fetch: (_url: string, { signal }: RequestInit) => {
        signals.push(signal);
        return Promise.reject(new Error('refused'));
      },
    });
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    await completed(['show', ''], silent);
    expect(signals).toHaveLength(1);
    expect(timeout.mock.calls.every(([ms]) => ms <= 1000)).toBe(true);
  });

  it('works in a bash that has no bash-completion', async () => {
    const terminal = new FakeTerminal();
    jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await run(['complete', 'bash'], terminal);
    const script = [
      terminal.stdout,
      'COMP_LINE="switchyard --url http://x:1 show we" COMP_POINT=35',
      '_get_comp_words_by_ref -n "=:" cur prev words cword',
      'echo "$cur|$prev|$cword"',
    ].join('\n');
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('we|show|4\n');
  });

  it('knows the commands and their options, with a gateway or without', async () => {
    expect((await completed(['rest'], new FakeTerminal())).join()).toContain('restore-backup');
    expect((await completed(['health', '--h'], new FakeTerminal())).join()).toContain('--history');
  });

  it('does not wait for a gateway that does not answer', async () => {
    const terminal = new FakeTerminal();
    const silent = Object.assign(Object.create(terminal) as FakeTerminal, {
      fetch: () => new Promise<Response>(() => undefined),
    });
    const asked = completed(['show', ''], silent);
    await new Promise((resolve) => setImmediate(resolve));
    await terminal.clock.advance(1000);
    expect((await asked).join()).not.toContain('service');
  });
});

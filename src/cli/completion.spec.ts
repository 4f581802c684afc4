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

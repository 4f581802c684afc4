import { describe, expect, it } from '@jest/globals';
import { FakeTerminal } from '../../test/support/fake-terminal.js';
import { ApiClient } from './api-client.js';
import { Progress } from './progress.js';

const DEPLOYING = { 'GET /api/v1/services/weather': { body: { state: 'deploying' } } };

async function watch(isInteractive: boolean): Promise<string> {
  const terminal = new FakeTerminal(DEPLOYING);
  terminal.isInteractive = isInteractive;
  const api = new ApiClient('http://127.0.0.1:1', null, terminal.fetch);
  let finish: (value: string) => void = () => undefined;
  const work = new Promise<string>((resolve) => (finish = resolve));
  const waited = new Progress(terminal, api, 'weather').during(work);
  for (let step = 0; step < 4; step += 1) {
    await terminal.clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  finish('done');
  expect(await waited).toBe('done');
  return terminal.stderr;
}

describe('the progress of a wait', () => {
  it('shows a person how long it lasts and what the service does, and leaves nothing behind', async () => {
    const shown = await watch(true);
    expect(shown).toContain('waiting 2 s · weather is deploying');
    expect(shown.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is silent when nobody looks on', async () => {
    expect(await watch(false)).toBe('');
  });
});

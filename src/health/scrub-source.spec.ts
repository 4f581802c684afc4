import { describe, expect, it } from '@jest/globals';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { scrubberFor, scrubJson } from './scrub-source.js';

const config = serviceConfig({
  runtime: { env: { A: 'plain', B: 'x-${env:SWITCHYARD_SECRET_B}' } },
  network: { headers: { authorization: 'Bearer ${file:/run/secret}' } },
});

const values: Readonly<Record<string, string>> = {
  '${env:SWITCHYARD_SECRET_B}': 'bravo-bravo',
  '${file:/run/secret}': 'foxtrot-foxtrot',
};

describe('scrubberFor', () => {
  it('knows every secret that the configuration refers to', async () => {
    const scrub = await scrubberFor(config, (reference) =>
      Promise.resolve(values[reference] ?? ''),
    );
    expect(scrub('plain bravo-bravo foxtrot-foxtrot')).toBe('plain [secret] [secret]');
  });

  it('resolves nothing where nothing is referred to', async () => {
    const scrub = await scrubberFor(serviceConfig(), () => Promise.reject(new Error('asked')));
    expect(scrub('text')).toBe('text');
  });

  it('rejects when a secret cannot be read', async () => {
    await expect(scrubberFor(config, () => Promise.reject(new Error('gone')))).rejects.toThrow(
      'gone',
    );
  });
});

it('scrubs texts and names of a JSON value, at every depth', () => {
  const scrub = (text: string): string => text.replaceAll('secret', '*');
  const value = { secret: [1, null, { a: 'my secret' }], b: true };
  expect(scrubJson(value, scrub)).toEqual({ '*': [1, null, { a: 'my *' }], b: true });
});

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { replay } from './transcript.js';

const directory = join(import.meta.dirname, 'scenarios');
const files = readdirSync(directory).filter((file) => file.endsWith('.txt'));

describe('the lifecycle', () => {
  it.each(files)('does what the transcript %s says', async (file) => {
    const text = readFileSync(join(directory, file), 'utf8');
    expect(await replay(text)).toBe(text);
  });

  it('has a transcript for each way a service can go', () => {
    expect(files.length).toBeGreaterThanOrEqual(15);
  });
});

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { replayAlerts } from './alert-transcript.js';

const directory = join(import.meta.dirname, 'alert-scenarios');
const files = readdirSync(directory).filter((file) => file.endsWith('.txt'));

describe('alerts', () => {
  it.each(files)('are told as the transcript %s says', async (file) => {
    const text = readFileSync(join(directory, file), 'utf8');
    const replayed = await replayAlerts(text);
    // A wanted change shows up as a change of the transcript in the same commit.
    if (process.env['UPDATE_TRANSCRIPTS'] === '1') writeFileSync(join(directory, file), replayed);
    else expect(replayed).toBe(text);
  });

  it('have a transcript for each way they can go', () => {
    expect(files.length).toBeGreaterThanOrEqual(15);
  });
});

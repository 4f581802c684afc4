import { describe, expect, it } from '@jest/globals';
import { scrubberOf } from './scrub.js';
import { StdoutNoise } from './stdout-noise.js';
import { UpstreamError } from './upstream.errors.js';

function make(): {
  noise: StdoutNoise;
  notes: string[];
  say: (text: string, times?: number) => UpstreamError | null;
} {
  const notes: string[] = [];
  const noise = new StdoutNoise(scrubberOf(['s3cret']), (line) => notes.push(line));
  const say = (text: string, times = 1): UpstreamError | null => {
    let fault: UpstreamError | null = null;
    for (let i = 0; i < times; i += 1) fault = noise.hear(Buffer.from(text));
    return fault;
  };
  return { noise, notes, say };
}

describe('StdoutNoise', () => {
  it('puts up with a banner of 20 lines, scrubbed', () => {
    const { say, notes } = make();
    expect(say('key s3cret', 20)).toBeNull();
    expect(notes[0]).toBe('(stdout, not a message) key [secret]');
    expect(say('more')).toMatchObject({ code: 'not-json' });
    expect(say('more')?.message).toContain('"key [secret]"');
  });

  it('puts up with much more once the server talks, and forgets it at each call', () => {
    const { noise, say } = make();
    noise.becomeTalking();
    expect(say('log', 10_000)).toBeNull();
    noise.forgive();
    expect(say('log', 10_000)).toBeNull();
    expect(say('log')).toMatchObject({ code: 'not-json' });
  });

  it.each([
    ['Usage: x', 'handshake-timeout', 'not-json'],
    ['Usage: x', 'exited', 'not-json'],
    ['{"level":30}', 'exited-early', 'not-mcp'],
    ['Usage: x', 'handshake-refused', 'handshake-refused'],
  ] as const)('after %s, explains %s as %s', (line, code, better) => {
    const { noise, say } = make();
    const error = new UpstreamError(code, 'why', { exitCode: 2 });
    expect(noise.explain(error)).toBe(error);
    say(line);
    expect(noise.explain(error)).toMatchObject({ code: better, facts: { exitCode: 2 } });
    expect(noise.explain(error).message).toContain('why');
  });
});

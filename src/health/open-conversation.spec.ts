import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { ClientFacts, ConversationSink, Upstream } from '../upstream/upstream.js';
import { conversationOpener } from './open-conversation.js';

/** An upstream whose handshake ends as `open` says. */
function upstream(open: (signal: AbortSignal | undefined) => Promise<never>): Upstream {
  return {
    open: (_client: ClientFacts, _sink: ConversationSink, signal?: AbortSignal) => open(signal),
  } as unknown as Upstream;
}

describe('conversationOpener', () => {
  it('gives a handshake up after its timeout', async () => {
    const clock = new ManualClock();
    const hangs = upstream(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            reject(new UpstreamError('aborted', 'aborted'));
          });
        }),
    );
    const opening = conversationOpener(clock)(hangs, 500);
    const outcome = expect(opening).rejects.toMatchObject({ code: 'handshake-timeout' });
    await clock.advance(500);
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  it('passes the precise reason on and leaves no timer', async () => {
    const clock = new ManualClock();
    const refuses = upstream(() => Promise.reject(new UpstreamError('unauthorized', '401')));
    await expect(conversationOpener(clock)(refuses, 500)).rejects.toMatchObject({
      code: 'unauthorized',
    });
    expect(clock.pendingTimers).toBe(0);
  });
});

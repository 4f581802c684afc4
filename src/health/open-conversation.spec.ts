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

  it.each([
    ['a server that has a ping', undefined, 'ping'],
    ['a server of the stateless protocol', true, 'server/discover'],
  ])('asks %s what it answers itself', async (_name, translated, expected) => {
    const clock = new ManualClock();
    const conversation = { kind: 'messages', translated, send: () => undefined };
    const answers = { open: () => Promise.resolve(conversation) } as unknown as Upstream;
    expect((await conversationOpener(clock)(answers, 500)).liveness).toBe(expected);
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

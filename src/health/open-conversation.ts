import type { Clock } from '../kernel/clock.js';
import { ConversationClient } from '../upstream/conversation-client.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { OpenConversation, ProbeConversation } from './probe-conversation.js';

/** Conversations by our own client; a handshake that takes longer than its timeout is given up. */
export function conversationOpener(clock: Clock): OpenConversation {
  return async (upstream, timeoutMs) => {
    const controller = new AbortController();
    const cancel = clock.schedule(timeoutMs, () => {
      controller.abort();
    });
    try {
      const client = await ConversationClient.open(upstream, { signal: controller.signal });
      return conversationOf(client);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      const waited = String(Math.round(timeoutMs));
      throw new UpstreamError('handshake-timeout', `No handshake within ${waited} ms`);
    } finally {
      cancel();
    }
  };
}

function conversationOf(client: ConversationClient): ProbeConversation {
  return {
    server: client.server,
    liveness: client.isTranslated ? 'server/discover' : 'ping',
    request: (method, params, timeoutMs) => client.request(method, params, { timeoutMs }),
    listTools: (timeoutMs) => client.listAllTools({ timeoutMs }),
    close: () => {
      client.close();
    },
  };
}

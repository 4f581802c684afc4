import { rpcNotification } from '../protocol/message.js';
import type { MessageTable } from './message-table.js';
import { UpstreamError } from './upstream.errors.js';

/**
 * A client's `notifications/cancelled`, told to the upstream under the id it knows. The call ends at once with
 * `aborted`: the upstream need not answer a cancelled request, and the client listens no more. What names no call
 * under way is dropped (2025-11-25, cancellation).
 */
export function translateCancellation(
  table: MessageTable,
  owner: object,
  body: Buffer,
): Buffer | null {
  const params = paramsOf(body);
  const requestId = params?.requestId;
  if (typeof requestId !== 'string' && typeof requestId !== 'number') return null;
  const call = table.find(owner, JSON.stringify(requestId));
  if (call === undefined) return null;
  table.fail(
    call,
    new UpstreamError('aborted', 'The client cancelled the call', { mayHaveRun: true }),
  );
  return rpcNotification('notifications/cancelled', { ...params, requestId: call.id });
}

/** The text inside strings of a scanned message may still be no JSON. */
function paramsOf(body: Buffer): Record<string, unknown> | undefined {
  try {
    return (JSON.parse(body.toString('utf8')) as { params?: Record<string, unknown> }).params;
  } catch {
    return undefined;
  }
}

import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../auth/authenticator.js';
import { denialChannel, type DenialMessage } from './channels.js';

/** Tells who was turned away at the door of the data plane, and by the rules that hold for every path. */
export class DenialTeller {
  constructor(private readonly authenticator: Authenticator) {}

  /** `refusal` is about to be answered. Of the data plane only 401 and 403 are told. `path` has no query. */
  consider(
    request: IncomingMessage,
    path: string,
    requestId: string,
    { status, code }: { readonly status: number; readonly code: string },
  ): void {
    if (!denialChannel.hasSubscribers) return;
    const isData = /^\/mcp(\/|$)/.test(path);
    if (isData && status !== 401 && status !== 403) return;
    const message: DenialMessage = {
      // Why again: a refusal is rare, and what authenticated is not handed through every way to it.
      actor: this.authenticator.authenticate(request.headers)?.id ?? null,
      method: request.method ?? 'GET',
      route: isData ? '/mcp/{service}' : '/{path}',
      subject: path,
      tool: null,
      code,
      status,
      request_id: requestId,
    };
    denialChannel.publish(message);
  }
}

/**
 * Tells the requests that the gateway sends to its own endpoints, to see that they refuse what they must, from those of
 * callers. The id is drawn at the start and sent over loopback alone, so that no caller can pass for the gateway.
 */
export class OwnRequests {
  constructor(readonly requestId: string) {}

  isOwn(requestId: unknown): boolean {
    return requestId === this.requestId;
  }
}

import { type Asked, Call, type CallLedger } from '../gateway/call.js';
import type { Endpoint } from '../gateway/endpoint.js';
import type { Link } from '../gateway/link.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { ClientCall } from './client-call.js';
import type { MemberSession } from './member-session.js';
import { readMessage } from './message-edit.js';

/** A call at a member: counted and told of as one of that service, answered to the client of the aggregate. */
export class MemberCall extends Call {
  private readonly slot: number;

  constructor(
    ledger: CallLedger,
    endpoint: Endpoint,
    link: Link,
    asked: Asked,
    private readonly session: MemberSession,
    readonly client: ClientCall,
  ) {
    super(ledger, endpoint, link, asked);
    this.slot = session.calls.add(this);
    client.member = this;
    session.touch();
  }

  override onRelated(message: Buffer): void {
    if (!this.settled) this.session.heard(this, message);
  }

  /** Nobody waits for it any more. */
  giveUp(tellUpstream: boolean, reason?: string): void {
    if (!this.settle('cancelled', 'cancelled')) return;
    this.leave();
    this.ledger.gaveUp(this.endpoint);
    this.handle?.abandon(tellUpstream, reason);
  }

  protected override answer(message: Buffer, idStart: number, idEnd: number): void {
    this.leave();
    if (idEnd > 0) {
      this.client.reply(message, idStart, idEnd);
      return;
    }
    const read = readMessage(message);
    if (read === null) this.client.refuse(unreadable());
    else this.client.reply(read.body, read.envelope.idStart, read.envelope.idEnd);
  }

  protected override refuse(error: RpcError): void {
    this.leave();
    this.client.refuse(error);
  }

  private leave(): void {
    this.session.calls.remove(this.slot);
    this.session.touch();
    this.client.member = null;
  }
}

function unreadable(): RpcError {
  return new RpcError(RPC.upstreamFailed, 'The answer of the upstream is not valid JSON');
}

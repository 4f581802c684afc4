import type { Dispatcher } from '../gateway/dispatcher.js';
import { refuseAccept } from '../gateway/refusals.js';
import { sendRpcError } from '../gateway/reply.js';
import type { Pulse } from '../gateway/pulse.js';
import { internalFault, rpcErrorOf } from '../gateway/wire-error.js';
import type { Logger } from '../kernel/logger.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Line } from './line.js';
import type { LineGroup } from './line-group.js';
import type { LineTable } from './line-table.js';
import { readChangeFilter } from './listen-request.js';
import type { ChangeFilter } from './listen-stream.js';
import { NativeListening, TranslatedListening, type Listening } from './listening.js';
import { claimOf, mirroredHeaders, type StatelessJob } from './stateless-job.js';

const CAP_RETRY_S = 10;

/** Every `subscriptions/listen` that is open. Those of one service are bounded by its `max_sessions`. */
export class ListenTable {
  private readonly services = new Map<string, Set<Listening>>();

  constructor(
    private readonly lines: LineTable,
    private readonly dispatcher: Dispatcher,
    private readonly pulse: Pulse,
    private readonly logger: Logger,
  ) {}

  get size(): number {
    let size = 0;
    for (const listenings of this.services.values()) size += listenings.size;
    return size;
  }

  open(job: StatelessJob): void {
    const { inbound, asked, body } = job;
    const { response, requestId } = inbound;
    if (!inbound.acceptsStream) {
      refuseAccept(inbound);
      return;
    }
    const wish = readChangeFilter(body);
    const refusal = this.refusalFor(job) ?? (wish instanceof RpcError ? wish : null);
    if (refusal !== null || wish instanceof RpcError) {
      sendRpcError(response, requestId, asked.id, refusal ?? internalFault());
      return;
    }
    const claim = claimOf(job);
    const group = this.lines.groupOf(claim);
    const ready = this.lines.ready(group, false);
    if (ready !== null) {
      this.start(job, group, ready, wish);
      return;
    }
    this.lines
      .connect(group, claim)
      .then((line) => {
        this.start(job, group, line, wish);
      })
      .catch((error: unknown) => {
        const known = error instanceof UpstreamError;
        if (!known) this.logger.error({ err: error, request_id: requestId }, 'a message failed');
        const fault = known ? rpcErrorOf(error, inbound.endpoint) : internalFault();
        sendRpcError(response, requestId, asked.id, fault);
      });
  }

  /** Tells whoever listens to the service of news of our own, `notifications/tools/list_changed` for one. */
  announce(serviceId: string, methods: readonly string[]): void {
    for (const listening of [...(this.services.get(serviceId) ?? [])]) listening.announce(methods);
  }

  endService(serviceId: string): void {
    for (const listening of [...(this.services.get(serviceId) ?? [])]) listening.finish();
  }

  endAll(): void {
    for (const serviceId of [...this.services.keys()]) this.endService(serviceId);
  }

  /** Neither the rate limit nor `max_in_flight` concerns a stream that only waits. */
  private refusalFor({ inbound, asked }: StatelessJob): RpcError | null {
    const { endpoint, principal } = inbound;
    if (endpoint.unavailable !== null || this.dispatcher.isDraining) {
      return this.dispatcher.admitCall(endpoint, principal, asked.method, null);
    }
    const open = this.services.get(endpoint.serviceId)?.size ?? 0;
    if (open < endpoint.maxSessions) return null;
    const data = { service: endpoint.serviceName, reason: 'streams', retry_after_s: CAP_RETRY_S };
    return new RpcError(RPC.limited, 'Too many streams are open', data, 503);
  }

  /** `line` has been entered for it. */
  private start(job: StatelessJob, group: LineGroup, line: Line, wish: ChangeFilter): void {
    const { inbound, asked, body, envelope } = job;
    if (inbound.response.destroyed) {
      line.leave(false);
      return;
    }
    const { id } = asked;
    const { pulse } = this;
    const place = { inbound, id, pulse, onOver: this.forget };
    if (line.native) {
      const listening = new NativeListening(line, group, place);
      this.keep(listening);
      listening.start(body, envelope, mirroredHeaders(inbound));
    } else {
      const listening = new TranslatedListening(line, group, place);
      this.keep(listening);
      listening.start(wish);
    }
  }

  private keep(listening: Listening): void {
    const { serviceId } = listening;
    const listenings = this.services.get(serviceId) ?? new Set();
    this.services.set(serviceId, listenings.add(listening));
  }

  private readonly forget = (listening: Listening): void => {
    const listenings = this.services.get(listening.serviceId);
    listenings?.delete(listening);
    if (listenings?.size === 0) this.services.delete(listening.serviceId);
  };
}

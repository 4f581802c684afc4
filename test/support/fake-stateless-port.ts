import { Activity } from '../../src/upstream/activity.js';
import type { StatelessPort, StatelessRequest } from '../../src/upstream/stateless-port.js';
import type { UpstreamError } from '../../src/upstream/upstream.errors.js';
import type { CallHandle, ReplySink } from '../../src/upstream/upstream.js';
import type { ManualClock } from './manual-clock.js';

/** One request that a fake server got; the test answers it. */
export class FakeRequest {
  abandoned: string | true | null = null;
  allowedMs: number | null = null;

  constructor(
    readonly request: StatelessRequest,
    readonly sink: ReplySink,
    readonly timeoutMs: number,
  ) {}

  get params(): Record<string, unknown> {
    const { params } = JSON.parse(this.request.body.toString()) as {
      params: Record<string, unknown>;
    };
    return params;
  }

  reply(members: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 7, ...members });
    const start = text.indexOf('7');
    this.sink.onReply(Buffer.from(text), start, start + 1);
  }

  notify(method: string, params?: object): void {
    this.sink.onRelated(Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params })));
  }
}

/** A stateless server whose answers a test gives. */
export class FakeStatelessPort implements StatelessPort {
  readonly activity: Activity;
  readonly sent: FakeRequest[] = [];
  failed: UpstreamError | null = null;

  constructor(clock: ManualClock) {
    this.activity = new Activity(clock);
  }

  /** The last request. */
  get last(): FakeRequest {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  send(request: StatelessRequest, sink: ReplySink, timeoutMs: number): CallHandle {
    const sent = new FakeRequest(request, sink, timeoutMs);
    this.sent.push(sent);
    return {
      abandon: (_tell, reason) => {
        sent.abandoned = reason ?? true;
      },
      allow: (ms) => {
        sent.allowedMs = ms;
      },
    };
  }

  failAll(error: UpstreamError): void {
    this.failed = error;
  }
}

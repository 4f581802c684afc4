import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { Lease } from '../upstream/instance-source.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import type { Endpoint } from './endpoint.js';
import type { Session } from './session.js';
import { FORGOTTEN_AFTER_MS, leaseWithRoom, ROOM_RETRY_MS, ROOM_WAIT_MS } from './session-room.js';

const LEASE = {} as Lease;

/** A source with `room` free places, that says `code` when there is none. */
class Source {
  tries = 0;
  constructor(
    public room: number,
    private readonly code: UpstreamErrorCode = 'capacity',
  ) {}
  acquire(): Promise<Lease> {
    this.tries += 1;
    if (this.room <= 0) return Promise.reject(new UpstreamError(this.code, 'refused'));
    this.room -= 1;
    return Promise.resolve(LEASE);
  }
}

interface Facts {
  readonly idleMs: number;
  readonly idle?: boolean;
  readonly clientLeft?: boolean;
  readonly id?: string;
  readonly elsewhere?: boolean;
}

class Service {
  readonly clock = new ManualClock();
  readonly ended: string[] = [];
  readonly sessions = new Set<Session>();
  readonly endpoint: Endpoint;
  /** What the end of a session does to the source. */
  onEnd = (): void => {
    this.source.room += 1;
  };

  constructor(
    readonly source: Source,
    changes: Partial<Endpoint> = {},
  ) {
    const own = { transport: 'stdio', isolation: 'session', source };
    this.endpoint = { ...own, ...changes } as unknown as Endpoint;
  }

  add(name: string, { idleMs, idle = true, clientLeft = false, id, elsewhere }: Facts): this {
    const source = elsewhere === true ? new Source(0) : this.source;
    const session = {
      id: id ?? name,
      idle,
      clientLeft,
      lastUsedMs: this.clock.monotonicMs() - idleMs,
      link: { endpoint: { ...this.endpoint, source } },
      end: () => {
        this.sessions.delete(session);
        this.ended.push(name);
        this.onEnd();
      },
    } as unknown as Session;
    this.sessions.add(session);
    return this;
  }

  lease(): Promise<Lease> {
    return leaseWithRoom(this.endpoint, this.sessions, this.clock);
  }
}

const refused = { code: 'capacity' };

describe('room for a session', () => {
  it('costs nobody anything while there is some', async () => {
    const service = new Service(new Source(1)).add('gone', { idleMs: 60_000 });
    await expect(service.lease()).resolves.toBe(LEASE);
    expect([service.ended, service.source.tries]).toEqual([[], 1]);
  });

  it('is made by the least recently used of the sessions whose client seems to have left', async () => {
    const service = new Service(new Source(0))
      .add('streamed', { idleMs: 20, clientLeft: true })
      .add('older', { idleMs: 30_000 })
      .add('old', { idleMs: FORGOTTEN_AFTER_MS });
    await expect(service.lease()).resolves.toBe(LEASE);
    expect(service.ended).toEqual(['older']);
  });

  it('is made at once by a client that closed its stream', async () => {
    const service = new Service(new Source(0))
      .add('quiet', { idleMs: FORGOTTEN_AFTER_MS - 1 })
      .add('left', { idleMs: 1, clientLeft: true });
    await expect(service.lease()).resolves.toBe(LEASE);
    expect(service.ended).toEqual(['left']);
  });

  it.each<[string, Facts]>([
    ['has a call or a stream', { idleMs: 60_000, idle: false }],
    ['was used a moment ago', { idleMs: FORGOTTEN_AFTER_MS - 1 }],
    ['is being opened', { idleMs: 60_000, id: '' }],
    ['is on another source', { idleMs: 60_000, elsewhere: true }],
  ])('is never made by a session that %s', async (_case, facts) => {
    const service = new Service(new Source(0)).add('kept', facts);
    await expect(service.lease()).rejects.toMatchObject(refused);
    expect([service.ended, service.source.tries]).toEqual([[], 1]);
  });

  it('is made by one session for each that is opened at the same time', async () => {
    const service = new Service(new Source(0));
    for (const name of ['a', 'b', 'c', 'd']) service.add(name, { idleMs: 60_000 });
    await Promise.all([service.lease(), service.lease(), service.lease()]);
    expect(service.ended).toHaveLength(3);
  });

  it('is waited for while the child stops', async () => {
    const service = new Service(new Source(0)).add('gone', { idleMs: 60_000 });
    service.onEnd = () => {
      service.clock.schedule(ROOM_RETRY_MS * 2.5, () => (service.source.room += 1));
    };
    const lease = service.lease();
    for (let step = 0; step < 3; step += 1) await service.clock.advance(ROOM_RETRY_MS);
    await expect(lease).resolves.toBe(LEASE);
    expect(service.ended).toEqual(['gone']);
  });

  it('is not waited for without end, and costs one session only', async () => {
    const service = new Service(new Source(0));
    service.add('gone', { idleMs: 60_000 }).add('other', { idleMs: 60_000 });
    service.onEnd = () => undefined;
    const refusal = expect(service.lease()).rejects.toMatchObject(refused);
    for (let ms = 0; ms <= ROOM_WAIT_MS; ms += ROOM_RETRY_MS) {
      await service.clock.advance(ROOM_RETRY_MS);
    }
    await refusal;
    expect([service.ended, service.clock.pendingTimers]).toEqual([['gone'], 0]);
  });

  it.each<[string, Service, object]>([
    ['another failure', new Service(new Source(0, 'spawn-failed')), { code: 'spawn-failed' }],
    ['a shared upstream', new Service(new Source(0), { isolation: 'shared' }), refused],
  ])('is not made for %s', async (_case, service, refusal) => {
    service.add('gone', { idleMs: 60_000, clientLeft: true });
    await expect(service.lease()).rejects.toMatchObject(refusal);
    expect(service.ended).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  allProbes,
  basicCheck,
  FakeConversation,
  FakeSource,
  functionalCheck,
  safeTool,
  textResult,
} from '../../test/support/fake-probe-conversation.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { SilentLogger } from '../kernel/logger.js';
import type { Proof } from '../lifecycle/service-status.js';
import { scrubberOf } from '../upstream/scrub.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { FunctionalProbe } from './functional.probe.js';
import { PingProbe } from './ping.probe.js';
import { failureOfError } from './probe-failure.js';
import type { ProbeTarget } from './probe.js';
import { ProbeRunner } from './probe.runner.js';

class Bench {
  readonly clock = new ManualClock();
  readonly source = new FakeSource();
  readonly conversation: FakeConversation;
  readonly greetedWithin: number[] = [];
  readonly ping: PingProbe;
  readonly functional: FunctionalProbe;

  constructor(answer: () => unknown = () => textResult('ok')) {
    this.conversation = new FakeConversation([{ tool: safeTool('a'), answer }], this.clock);
    const open = (_upstream: unknown, timeoutMs: number): Promise<FakeConversation> => {
      this.greetedWithin.push(timeoutMs);
      return Promise.resolve(this.conversation);
    };
    this.ping = new PingProbe(open, this.clock);
    this.functional = new FunctionalProbe(open, this.clock);
  }

  target(over: Partial<ProbeTarget> = {}): ProbeTarget {
    return {
      service_id: 's',
      revision: 1,
      config: serviceConfig(),
      source: this.source,
      multiplexed: true,
      awake: true,
      instances: [],
      ...over,
    };
  }

  runner(secrets: readonly string[] | null = []): ProbeRunner {
    const scrubber =
      secrets === null
        ? () => Promise.reject(new Error('no secret'))
        : () => Promise.resolve(scrubberOf(secrets));
    const probes = allProbes({ basic: this.ping, functional: this.functional });
    return new ProbeRunner(probes, scrubber, this.clock, new SilentLogger());
  }
}

describe('the basic probe', () => {
  it.each([
    ['nothing runs', { awake: false }],
    ['each client has an upstream of its own', { multiplexed: false }],
  ])('leaves the upstream alone when %s', async (_name, over) => {
    const bench = new Bench();
    const finding = await bench.ping.run(bench.target(over), basicCheck());
    expect(finding.failure).toBeNull();
    expect(bench.source.acquired).toBe(0);
  });

  it('pings, and gives back what it leased', async () => {
    const bench = new Bench();
    const finding = await bench.ping.run(bench.target(), basicCheck());
    expect(finding.failure).toBeNull();
    expect(bench.source).toMatchObject({ acquired: 1, out: 0 });
    expect(bench.conversation.closed).toBe(1);
  });

  it('waits for a greeting no longer than for the ping, as what it greets runs already', async () => {
    const bench = new Bench();
    await bench.ping.run(bench.target(), basicCheck({ timeout_ms: 700 }));
    await bench.functional.run(bench.target(), functionalCheck());
    expect(bench.greetedWithin).toEqual([700, 30_000]);
  });

  it('asks a server of the stateless protocol what it answers itself', async () => {
    const bench = new Bench();
    bench.conversation.liveness = 'server/discover';
    const finding = await bench.ping.run(bench.target(), basicCheck());
    expect(finding).toMatchObject({
      failure: null,
      evidence: expect.stringContaining('server/discover') as unknown,
    });
    bench.conversation.ping = () => {
      throw new UpstreamError('call-timeout', 'late');
    };
    const late = await bench.ping.run(bench.target(), basicCheck());
    expect(late.failure?.message).toBe('No answer to server/discover within 2000 ms');
  });

  it('takes a refusal of the ping for an answer', async () => {
    const bench = new Bench();
    bench.conversation.ping = () => {
      throw new UpstreamError('rpc-error', 'method not found');
    };
    expect((await bench.ping.run(bench.target(), basicCheck())).failure).toBeNull();
  });

  it.each([
    ['call-timeout', 'health.ping-failed', false],
    ['exited', 'upstream.exited', true],
    ['disconnected', 'upstream.disconnected', false],
    ['unauthorized', 'upstream.unauthorized', true],
  ] as const)('fails by %s', async (code, expected, definite) => {
    const bench = new Bench();
    bench.conversation.ping = () => {
      throw new UpstreamError(code, 'no');
    };
    const { failure } = await bench.ping.run(bench.target(), basicCheck());
    expect(failure).toMatchObject({ code: expected, definite });
    expect(bench.source.out).toBe(0);
  });
});

describe('the functional probe', () => {
  it('executes a tool and tells the tools that it saw', async () => {
    const bench = new Bench();
    const finding = await bench.functional.run(bench.target(), functionalCheck());
    expect(finding).toMatchObject({ failure: null, tools: [{ name: 'a' }] });
    expect(bench.conversation.calls).toEqual(['a']);
    expect(bench.source.out).toBe(0);
  });

  it('fails when the service cannot be started', async () => {
    const bench = new Bench();
    bench.source.fails = 'exited-early';
    const { failure } = await bench.functional.run(bench.target(), functionalCheck());
    expect(failure).toMatchObject({ code: 'upstream.exited-early', definite: true });
  });

  it.each([
    ['executed', 'health.tools-gone'],
    ['listed', undefined],
  ] as const)('of one proven as %s takes an empty list for %s', async (level, code) => {
    const bench = new Bench();
    bench.conversation.listing = () => [];
    const target = bench.target({ proof: { level } as unknown as Proof });
    const { failure } = await bench.functional.run(target, functionalCheck());
    expect(failure?.code).toBe(code);
  });

  it('has nothing to execute on a server without tools', async () => {
    const bench = new Bench();
    bench.conversation.capabilities = {};
    const finding = await bench.functional.run(bench.target(), functionalCheck());
    expect(finding).toEqual({ failure: null, evidence: 'connected; the server offers no tools' });
  });
});

describe('ProbeRunner', () => {
  it.each(['capacity', 'retired', 'stopped', 'aborted'] as const)(
    'makes %s an unknown, as it is not the fault of the service',
    async (code) => {
      const bench = new Bench();
      bench.source.fails = code;
      const { outcome } = await bench.runner().run(bench.target(), functionalCheck());
      expect(outcome).toMatchObject({ result: 'unknown', failure: null });
    },
  );

  it('makes a fault of ours an unknown, and keeps its text to itself', async () => {
    const bench = new Bench(() => {
      throw new TypeError('internals');
    });
    const { outcome } = await bench.runner().run(bench.target(), functionalCheck());
    expect(outcome.result).toBe('unknown');
    expect(JSON.stringify(outcome)).not.toContain('internals');
  });

  it('cuts evidence at 4 KiB, between characters', async () => {
    const check = functionalCheck({ tool: 'a', arguments: { m: 'ü'.repeat(4_000) } });
    const bench = new Bench();
    const { outcome } = await bench.runner().run(bench.target(), check);
    expect(Buffer.byteLength(outcome.evidence)).toBeLessThanOrEqual(4_096);
    expect(outcome.evidence).toMatch(/ü…$/);
  });

  it('scrubs failures and evidence', async () => {
    const bench = new Bench(() => textResult('key=topsecret', { isError: true }));
    const run = await bench.runner(['topsecret']).run(bench.target(), functionalCheck());
    expect(run.outcome.failure?.message).toContain('[secret]');
    expect(JSON.stringify(run)).not.toContain('topsecret');
  });

  it('keeps nothing when the secrets cannot be read', async () => {
    const bench = new Bench(() => textResult('key=topsecret', { isError: true }));
    const run = await bench.runner(null).run(bench.target(), functionalCheck());
    expect(run.outcome.result).toBe('unknown');
    expect(JSON.stringify(run)).not.toContain('topsecret');
  });
});

describe('failureOfError', () => {
  it('says nothing about errors that are ours', () => {
    expect(failureOfError(new Error('x'))).toBeNull();
    expect(failureOfError(new UpstreamError('crash-loop', 'x'))).toBeNull();
  });

  it('marks refused credentials, which no restart mends', () => {
    const failure = failureOfError(new UpstreamError('unauthorized', '401'));
    expect(failure).toMatchObject({ definite: true, authentication: true });
  });
});

import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { Random } from '../kernel/random.js';
import { CheckRounds, type RoundFacts } from './check-rounds.js';

class Zero extends Random {
  override uuid(): string {
    return '';
  }
  override fraction(): number {
    return 0;
  }
  override bytes(count: number): Buffer {
    return Buffer.alloc(count);
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly begun: string[] = [];
  readonly ends = new Map<string, () => void>();
  facts: RoundFacts | null = { intervalMs: 1_000, starts: false };
  readonly rounds = new CheckRounds(
    this.clock,
    new Zero(),
    () => this.facts,
    ({ serviceId, checkKey }) => {
      const key = `${serviceId}/${checkKey}`;
      this.begun.push(key);
      return new Promise((resolve) => this.ends.set(key, resolve));
    },
  );

  async end(key: string): Promise<void> {
    this.ends.get(key)?.();
    await settle();
  }

  async tickAfter(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.rounds.tick();
  }
}

describe('CheckRounds', () => {
  it('runs what is due, and again after its interval', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    await bench.end('s/a');
    await bench.tickAfter(899);
    expect(bench.begun).toEqual(['s/a']);
    await bench.tickAfter(1);
    expect(bench.begun).toEqual(['s/a', 's/a']);
  });

  it('does not overlap a run that takes longer than its interval', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    await bench.tickAfter(10_000);
    expect(bench.begun).toEqual(['s/a']);
  });

  it('runs at most ten at once', async () => {
    const bench = new Bench();
    const keys = Array.from({ length: 12 }, (_, at) => String(at));
    bench.rounds.plan('s', keys);
    bench.rounds.tick();
    bench.rounds.tick();
    expect(bench.begun).toHaveLength(10);
    await bench.end('s/0');
    bench.rounds.tick();
    expect(bench.begun).toHaveLength(11);
  });

  it('starts at most two upstreams at once, and tries the others soon', async () => {
    const bench = new Bench();
    bench.facts = { intervalMs: 900_000, starts: true };
    bench.rounds.plan('s', ['a', 'b', 'c']);
    bench.rounds.tick();
    expect(bench.begun).toHaveLength(2);
    await bench.end(bench.begun[0] ?? '');
    await bench.tickAfter(2_000);
    expect(bench.begun).toHaveLength(3);
  });

  it('drops checks that are planned no more, and a service whole', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a', 'b']);
    bench.rounds.plan('s', ['b']);
    bench.rounds.tick();
    expect(bench.begun).toEqual(['s/b']);
    bench.rounds.plan('s', []);
    await bench.end('s/b');
    await bench.tickAfter(100_000);
    expect(bench.begun).toEqual(['s/b']);
    expect(bench.rounds.size).toBe(0);
  });

  it('drops a check that its owner knows no more', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.facts = null;
    bench.rounds.tick();
    expect(bench.begun).toEqual([]);
    expect(bench.rounds.size).toBe(0);
  });

  it('waits for the run under way when one is asked for now', async () => {
    const bench = new Bench();
    bench.rounds.plan('s', ['a']);
    bench.rounds.tick();
    let done = false;
    const asked = bench.rounds.now({ serviceId: 's', checkKey: 'a' }).then(() => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    await bench.end('s/a');
    await asked;
    expect(bench.begun).toEqual(['s/a']);
  });
});

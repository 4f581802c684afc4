import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { defineProblems, ProblemError } from '../kernel/problem.js';
import { MemoryStore } from '../storage/memory.store.js';
import {
  IDEMPOTENCY_LIMITS,
  IdempotentRequests,
  readIdempotencyKey,
  type KeptAnswer,
  type KeyedRequest,
} from './idempotency.js';

const problems = defineProblems('fixture', {
  taken: { status: 409, title: 'Taken', action: 'Choose another.', level: 'info' },
  broken: { status: 500, title: 'Broken', action: 'Try again.', level: 'error' },
  busy: { status: 429, title: 'Busy', action: 'Wait.', level: 'info' },
});

const REQUEST: KeyedRequest = {
  principal: 'ci',
  method: 'POST',
  path: '/api/v1/services',
  key: 'k1',
  body: { name: 'a', tags: [] },
};
const CREATED: KeptAnswer = { status: 201, headers: { etag: '"1.1"' }, body: { name: 'a' } };

let clock: ManualClock;
let store: MemoryStore;
let runs: number;

beforeEach(async () => {
  clock = new ManualClock();
  store = new MemoryStore(clock);
  await store.open();
  runs = 0;
});

function requests(limits = IDEMPOTENCY_LIMITS): IdempotentRequests {
  return new IdempotentRequests(store, clock, new SilentLogger(), limits);
}

function answering(answer: KeptAnswer): () => Promise<KeptAnswer> {
  return () => {
    runs += 1;
    return Promise.resolve(answer);
  };
}

function refusing(error: Error): () => Promise<KeptAnswer> {
  return () => {
    runs += 1;
    return Promise.reject(error);
  };
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => new Error('did not reject'),
    (reason: unknown) => reason,
  );
  return error instanceof ProblemError ? error.code : String(error);
}

describe('readIdempotencyKey', () => {
  it.each([
    ['abc', 'abc'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    [['one'], 'one'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('reads %p', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });

  it.each([[''], ['""'], ['a b'], ['ä'], ['x'.repeat(256)], [['a', 'b']], [[]]])(
    'refuses %p',
    (header) => {
      expect(() => readIdempotencyKey(header)).toThrow('not valid');
    },
  );
});

describe('IdempotentRequests', () => {
  it('answers a repeated request from what it kept', async () => {
    const first = await requests().run(REQUEST, answering(CREATED));
    const again = await requests().run(REQUEST, answering({ ...CREATED, status: 409 }));
    expect([first.replayed, again.replayed, runs]).toEqual([false, true, 1]);
    expect(again.answer).toEqual(CREATED);
  });

  it('takes bodies that differ in the order of their members for the same', async () => {
    await requests().run(REQUEST, answering(CREATED));
    const again = await requests().run(
      { ...REQUEST, body: { tags: [], name: 'a' } },
      answering(CREATED),
    );
    expect(again.replayed).toBe(true);
  });

  it.each<[string, Partial<KeyedRequest>]>([
    ['another principal', { principal: 'other' }],
    ['another path', { path: '/api/v1/services/a/activate' }],
    ['another method', { method: 'PUT' }],
    ['another key', { key: 'k2' }],
  ])('keeps %s apart', async (_name, change) => {
    await requests().run(REQUEST, answering(CREATED));
    await requests().run({ ...REQUEST, ...change }, answering(CREATED));
    expect(runs).toBe(2);
  });

  it('refuses the key with another body, kept and under way', async () => {
    const other = { ...REQUEST, body: { name: 'b' } };
    const shared = requests();
    let finish: (answer: KeptAnswer) => void = () => undefined;
    const first = shared.run(REQUEST, () => new Promise((resolve) => (finish = resolve)));
    expect(await codeOf(shared.run(other, answering(CREATED)))).toBe(
      'registration.idempotency-mismatch',
    );
    finish(CREATED);
    await first;
    expect(await codeOf(shared.run(other, answering(CREATED)))).toBe(
      'registration.idempotency-mismatch',
    );
    expect(runs).toBe(0);
  });

  it('lets the second of two requests at once wait for the first', async () => {
    const shared = requests();
    let finish: (answer: KeptAnswer) => void = () => undefined;
    const first = shared.run(REQUEST, () => new Promise((resolve) => (finish = resolve)));
    const second = shared.run(REQUEST, answering({ ...CREATED, status: 500 }));
    finish(CREATED);
    expect((await first).answer).toEqual(CREATED);
    expect(await second).toEqual({ answer: CREATED, replayed: true });
    expect(runs).toBe(0);
  });

  it('repeats a refusal with its code, detail and members', async () => {
    const refusal = problems.taken({ detail: 'a is taken', extra: { service_id: 's1' } });
    await codeOf(requests().run(REQUEST, refusing(refusal)));
    const again = await requests()
      .run(REQUEST, answering(CREATED))
      .catch((error: unknown) => error);
    expect(again).toMatchObject({
      code: 'fixture.taken',
      message: 'a is taken',
      status: 409,
      details: { extra: { service_id: 's1' } },
    });
    expect(runs).toBe(1);
  });

  it.each([
    ['a server fault', problems.broken()],
    ['too many requests', problems.busy()],
    ['a bug', new TypeError('x is undefined')],
  ])('runs again after %s', async (_name, error) => {
    await codeOf(requests().run(REQUEST, refusing(error)));
    const again = await requests().run(REQUEST, answering(CREATED));
    expect([again.replayed, runs]).toEqual([false, 2]);
  });

  it('forgets after a day', async () => {
    await requests().run(REQUEST, answering(CREATED));
    await clock.advance(IDEMPOTENCY_LIMITS.max_age_ms);
    expect((await requests().run(REQUEST, answering(CREATED))).replayed).toBe(false);
  });

  it('drops the oldest above the number of records', async () => {
    const few = requests({ ...IDEMPOTENCY_LIMITS, max_records: 2 });
    for (const key of ['k1', 'k2', 'k3']) {
      await few.run({ ...REQUEST, key }, answering(CREATED));
      await clock.advance(1);
    }
    expect(store.list('idempotency')).toHaveLength(2);
    expect((await few.run({ ...REQUEST, key: 'k3' }, answering(CREATED))).replayed).toBe(true);
    expect((await few.run({ ...REQUEST, key: 'k1' }, answering(CREATED))).replayed).toBe(false);
  });

  it('drops the oldest above the bytes of all together', async () => {
    const large = { ...CREATED, body: 'x'.repeat(600) };
    const small = requests({ ...IDEMPOTENCY_LIMITS, max_total_bytes: 1000 });
    await small.run(REQUEST, answering(large));
    await clock.advance(1);
    await small.run({ ...REQUEST, key: 'k2' }, answering(large));
    expect(store.list('idempotency')).toHaveLength(1);
  });

  it('never runs again what answered with more than can be kept, and says how it ended', async () => {
    const tiny = requests({ ...IDEMPOTENCY_LIMITS, max_answer_bytes: 10 });
    expect((await tiny.run(REQUEST, answering(CREATED))).answer).toEqual(CREATED);
    const again = await tiny.run(REQUEST, answering(CREATED)).catch((error: unknown) => error);
    expect(again).toMatchObject({
      code: 'registration.idempotency-answer-dropped',
      details: { extra: { first_status: 201 } },
    });
    expect(runs).toBe(1);
  });

  it('answers all the same when the answer cannot be kept', async () => {
    await store.close();
    expect((await requests().run(REQUEST, answering(CREATED))).answer).toEqual(CREATED);
  });
});

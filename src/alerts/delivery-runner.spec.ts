import { describe, expect, it } from '@jest/globals';
import { delivery, receiver } from '../../test/support/alert-fixture.js';
import { MiddleRandom } from '../../test/support/fake-health-lifecycle.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import type { AttemptOutcome } from './delivery.js';
import { DeliveryRunner, messageIdOf, type Notifier } from './delivery-runner.js';
import { Outbox } from './outbox.js';
import type { Receiver } from './receiver.js';

const OK: AttemptOutcome = {
  delivered: true,
  status: 204,
  error: null,
  gone: false,
  retry_after_ms: null,
  duration_ms: 1,
};

function make(send: Notifier['send'], known: readonly Receiver[] = [receiver()]) {
  const clock = new ManualClock(0);
  const outbox = new Outbox(() => 'new', 'http://gw');
  const counted: string[] = [];
  let changes = 0;
  const runner = new DeliveryRunner(
    outbox,
    (id) => known.find(({ receiver_id }) => receiver_id === id),
    {
      notifier: { send },
      clock,
      random: new MiddleRandom(),
      logger: new SilentLogger(),
      count: (result) => counted.push(result),
      changed: () => {
        changes += 1;
      },
    },
  );
  return { clock, outbox, runner, counted, changes: () => changes };
}

describe('DeliveryRunner', () => {
  it('sends what is due, and the next of the receiver right after', async () => {
    const sent: string[] = [];
    const { outbox, runner, counted, changes } = make((_to, id, body) => {
      sent.push(`${id} ${(JSON.parse(body) as { type: string }).type}`);
      return Promise.resolve(OK);
    });
    outbox.load([
      delivery({ next_ms: 0 }),
      delivery({ delivery_id: 'd2', order: 2, next_ms: 0, type: 'alert.resolved' }),
    ]);
    runner.tick();
    await settle();
    expect(sent).toEqual(['msg_d1 alert.firing', 'msg_d2 alert.resolved']);
    expect(counted).toEqual(['delivered', 'delivered']);
    expect([outbox.listed(), changes()]).toEqual([[], 2]);
  });

  it('tries again what failed', async () => {
    const { outbox, runner, counted } = make(() =>
      Promise.resolve({ ...OK, delivered: false, status: 500, error: 'no' }),
    );
    outbox.load([delivery({ next_ms: 0 })]);
    runner.tick();
    await settle();
    expect(counted).toEqual(['failed']);
    expect(outbox.find('d1')).toMatchObject({ attempts: 1, next_ms: 5_000, last_error: 'no' });
  });

  it('gives up what has no receiver any more, without sending', async () => {
    const { outbox, runner, counted } = make(() => Promise.reject(new Error('sent')), []);
    outbox.load([delivery({ next_ms: 0 })]);
    runner.tick();
    await settle();
    expect(counted).toEqual(['dead']);
    expect(outbox.find('d1')?.last_error).toBe('The receiver is not configured any more.');
  });

  it('takes a fault of ours for a failed attempt, and tells nobody its text', async () => {
    const { outbox, runner } = make(() => Promise.reject(new Error('hush')));
    outbox.load([delivery({ next_ms: 0 })]);
    runner.tick();
    await settle();
    expect(outbox.find('d1')).toMatchObject({ state: 'pending', attempts: 1 });
    expect(outbox.find('d1')?.last_error).not.toContain('hush');
  });

  it('starts nothing once it is stopped, and waits for what is under way', async () => {
    let finish: (outcome: AttemptOutcome) => void = () => undefined;
    let sent = 0;
    const { outbox, runner } = make(() => {
      sent += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    outbox.load([delivery({ next_ms: 0 }), delivery({ delivery_id: 'd2', order: 2, next_ms: 0 })]);
    runner.tick();
    let stopped = false;
    const end = runner.stop().then(() => {
      stopped = true;
    });
    await settle();
    expect([sent, stopped]).toEqual([1, false]);
    finish(OK);
    await end;
    expect(sent).toBe(1);
    expect(outbox.listed().map(({ delivery_id }) => delivery_id)).toEqual(['d2']);
  });
});

it('has an id without dots, as what is signed is parted by them', () => {
  expect(messageIdOf({ delivery_id: '0b2c-1' })).toBe('msg_0b2c-1');
});

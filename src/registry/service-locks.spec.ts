import { describe, expect, it } from '@jest/globals';
import { mergeLayers } from '../config/merge.js';
import type { PreparedSpec } from './prepared-spec.js';
import { ServiceLocks } from './service-locks.js';
import { normaliseSpec } from './service-spec.js';

function specOf(name: string, script: string | null, ...services: string[]): PreparedSpec {
  const fragment = { integration: { dependencies: services.map((service) => ({ service })) } };
  return {
    spec: normaliseSpec({ name, script_id: script }),
    ...mergeLayers([{ name: 'service', fragment }]),
    command_file: null,
  };
}

/** Runs a task per spec at once; answers how many of them ran side by side at most. */
async function widest(...specs: [string, PreparedSpec][]): Promise<number> {
  const locks = new ServiceLocks();
  let running = 0;
  let most = 0;
  await Promise.all(
    specs.map(([id, spec]) =>
      locks.onSpec(id, spec, async () => {
        running += 1;
        most = Math.max(most, running);
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        running -= 1;
      }),
    ),
  );
  return most;
}

describe('ServiceLocks', () => {
  it.each<[string, number, [string, PreparedSpec], [string, PreparedSpec]]>([
    ['the same service', 1, ['1', specOf('a', null)], ['1', specOf('b', null)]],
    ['the same name', 1, ['1', specOf('a', null)], ['2', specOf('a', null)]],
    ['the same script', 1, ['1', specOf('a', 's')], ['2', specOf('b', 's')]],
    ['two that depend on others', 1, ['1', specOf('a', null, 'x')], ['2', specOf('b', null, 'y')]],
    ['two with nothing in common', 2, ['1', specOf('a', 's')], ['2', specOf('b', 't', 'x')]],
  ])('runs %s at most %i at a time', async (_what, most, first, second) => {
    expect(await widest(first, second)).toBe(most);
  });

  it('goes on after a task that failed', async () => {
    const locks = new ServiceLocks();
    const failing = locks.onService('1', () => Promise.reject(new Error('no')));
    const next = locks.onService('1', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('never let batches and single writes wait for one another for good', async () => {
    const locks = new ServiceLocks();
    const ids = ['1', '2', '3'];
    const names = ['a', 'b', 'c'];
    const done: string[] = [];
    const turn = async (what: string): Promise<void> => {
      for (let left = 0; left < 5; left += 1) await Promise.resolve();
      done.push(what);
    };
    const batch = (order: number): Promise<void> => {
      const turned = (all: readonly string[]): string[] =>
        order % 2 === 0 ? [...all] : [...all].reverse();
      const scope = { ids: turned(ids), names: turned(names), scripts: [], needsGraph: true };
      return locks.onBatch(scope, () => turn('batch'));
    };
    await Promise.all([
      batch(0),
      batch(1),
      ...ids.map((id, index) =>
        locks.onSpec(id, specOf(names[2 - index] ?? '', null, 'x'), () => turn('one')),
      ),
      batch(2),
    ]);
    expect(done.filter((one) => one === 'batch')).toHaveLength(3);
    expect(done).toHaveLength(6);
  });
});

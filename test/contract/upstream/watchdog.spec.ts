import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { ProcProcessTable } from '../../../src/upstream/process-table.js';
import { NodeSpawner } from '../../../src/upstream/spawner.js';
import { Watchdog } from '../../../src/upstream/watchdog.js';
import { buildScript, clock, fixture, isAlive, until } from './harness.js';

let script: ReturnType<typeof buildScript>;
const spawned: ChildProcess[] = [];

beforeAll(() => {
  script = buildScript('../../../src/upstream/watchdog.child.ts');
});
afterAll(() => {
  script.remove();
});
afterEach(() => {
  for (const child of spawned.splice(0)) child.kill('SIGKILL');
});

const directory = `d${process.pid}x`;

function watchdog(run = `${directory}.${performance.now()}`): Watchdog {
  return new Watchdog({
    clock,
    logger: new SilentLogger(),
    spawner: new NodeSpawner(),
    processes: new ProcProcessTable(),
    run,
    script: script.path,
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => {
      resolve(chunk.toString().trim());
    });
  });
}

async function stubborn(how: string, run: string): Promise<{ group: number; pids: number[] }> {
  const child = spawn(process.execPath, [fixture('stubborn.mjs'), how], {
    detached: true,
    env: { SWITCHYARD_RUN: run },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  spawned.push(child);
  const pids = (await firstLine(child)).split(' ').map(Number);
  return { group: child.pid ?? 0, pids };
}

describe('the watchdog', () => {
  it('ends everything within 5 s after its parent is killed outright, and itself', async () => {
    const run = `${directory}.kill`;
    const parent = spawn(process.execPath, [fixture('watchdog-parent.mjs'), script.path, run], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    spawned.push(parent);
    const pids = (await firstLine(parent)).split(' ').map(Number);
    expect(pids).toHaveLength(5);
    expect(pids.map(isAlive)).toEqual([true, true, true, true, true]);
    // The whole group: the watchdog is not in it.
    process.kill(-(parent.pid ?? 0), 'SIGKILL');
    expect(await until(() => !pids.some(isAlive), 5000)).toBe(true);
  }, 10_000);

  it('ends what is left when it is stopped, and forgets what was taken back', async () => {
    const run = `${directory}.stop`;
    const dog = watchdog(run);
    await dog.start();
    const kept = await stubborn('together', `${directory}.other`);
    const left = await stubborn('together', run);
    dog.add(kept.group);
    dog.add(left.group);
    dog.remove(kept.group);
    await dog.stop();
    expect(left.pids.some(isAlive)).toBe(false);
    expect(kept.pids.every(isAlive)).toBe(true);
    process.kill(-kept.group, 'SIGKILL');
  }, 10_000);

  it('is started again when it dies, and told anew', async () => {
    const dog = watchdog();
    await dog.start();
    const before = dog.pid ?? 0;
    const { group, pids } = await stubborn('together', `${directory}.again`);
    dog.add(group);
    process.kill(before, 'SIGKILL');
    expect(await until(() => dog.pid !== null && dog.pid !== before, 3000)).toBe(true);
    await dog.stop();
    expect(pids.some(isAlive)).toBe(false);
  }, 10_000);

  it('does not die of signals', async () => {
    const dog = watchdog();
    await dog.start();
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(dog.pid ?? 0, name);
    expect(await until(() => !isAlive(dog.pid ?? 0), 300)).toBe(false);
    await dog.stop();
    expect(dog.pid === null || !isAlive(dog.pid)).toBe(true);
  });

  it('sweeps what earlier runs on the same directory left, and nobody else’s', async () => {
    const dog = watchdog(`${directory}.now`);
    const [earlier, own, other] = await Promise.all([
      stubborn('together', `${directory}.before`),
      stubborn('together', `${directory}.now`),
      stubborn('together', `${directory}y.before`),
    ]);
    expect(dog.sweepOrphans()).toBe(2);
    expect(await until(() => !earlier.pids.some(isAlive), 1000)).toBe(true);
    expect([...own.pids, ...other.pids].every(isAlive)).toBe(true);
    for (const { group } of [own, other]) process.kill(-group, 'SIGKILL');
  });

  it('rejects when its script cannot run', async () => {
    const dog = new Watchdog({
      clock,
      logger: new SilentLogger(),
      spawner: new NodeSpawner(),
      processes: new ProcProcessTable(),
      run: 'x.y',
      script: '/nonexistent/script.js',
    });
    await expect(dog.start()).rejects.toThrow('exit code 1');
    await dog.stop();
  });
});

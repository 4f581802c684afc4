import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { becomes, type MatrixRow, type MatrixService, type MatrixWorld } from './matrix-world.js';
import { pause, type Json } from '../../support/gateway-process.js';

/** A service whose process is ended again and again, and when it was started. */
class Crashing {
  private constructor(
    private readonly service: MatrixService,
    private readonly file: string,
  ) {}

  static async open(world: MatrixWorld, name: string, restart: Json): Promise<Crashing> {
    const file = join(world.dir, `${name}.starts`);
    const service = await world.reveal({ runtime: { restart } }, [`starts=${file}`]);
    return new Crashing(service, file);
  }

  /** Ends the process; answers the milliseconds until it was started again, once it serves. */
  async crash(): Promise<number> {
    const before = this.starts().length;
    const atMs = Date.now();
    await this.service.call('die');
    await becomes('a new start', () => Promise.resolve(this.starts().length > before));
    const waitedMs = (this.starts()[before] ?? 0) - atMs;
    await becomes('an answer', async () => (await this.service.statusOf('reveal')) === 200);
    return waitedMs;
  }

  /** Ends the process for the last time. */
  async end(): Promise<void> {
    await this.service.call('die');
  }

  async isLooping(): Promise<boolean> {
    const { conditions } = await this.service.get();
    return conditions.some(
      ({ type, status }: Json) => type === 'CrashLoopBackOff' && status === 'true',
    );
  }

  private starts(): number[] {
    const lines = readFileSync(this.file, 'utf8').trim().split('\n');
    return lines.map((line) => Number(line.split(' ')[2]));
  }
}

/** Waits vary by a fifth either way. */
const LEAST = 0.8;

export const RESTART_ROWS: readonly MatrixRow[] = [
  {
    field: 'runtime.restart.first_ms',
    effect: 'the second restart in a row waits so long',
    observe: async (world) => {
      const patient = await Crashing.open(world, 'first', { first_ms: 3_000 });
      await patient.crash();
      expect(await patient.crash()).toBeGreaterThan(3_000 * LEAST);
    },
  },
  {
    field: 'runtime.restart.factor',
    effect: 'the third restart waits so many times as long as the second',
    observe: async (world) => {
      const steep = await Crashing.open(world, 'factor', { first_ms: 300, factor: 10 });
      await steep.crash();
      await steep.crash();
      expect(await steep.crash()).toBeGreaterThan(3_000 * LEAST);
    },
  },
  {
    field: 'runtime.restart.cap_ms',
    effect: 'no restart waits longer',
    observe: async (world) => {
      const restart = { first_ms: 200, factor: 10, cap_ms: 250, crash_loop_after: 50 };
      const capped = await Crashing.open(world, 'cap', restart);
      for (let round = 0; round < 3; round += 1) await capped.crash();
      // Without the cap it would be 20 s.
      expect(await capped.crash()).toBeLessThan(10_000);
    },
  },
  {
    field: 'runtime.restart.reset_after_ms',
    effect: 'after running so long, a restart is the first of a row again',
    observe: async (world) => {
      const restart = { first_ms: 8_000, reset_after_ms: 300 };
      const forgetful = await Crashing.open(world, 'reset', restart);
      for (let round = 0; round < 3; round += 1) {
        await pause(600);
        expect(await forgetful.crash()).toBeLessThan(8_000 * LEAST);
      }
    },
  },
  {
    field: 'runtime.restart.crash_loop_after',
    effect: 'the second crash is a loop already',
    observe: async (world) => {
      const loop = await Crashing.open(world, 'loop', { first_ms: 50, crash_loop_after: 1 });
      const usual = await Crashing.open(world, 'no-loop', { first_ms: 50 });
      for (const one of [loop, usual]) {
        await one.crash();
        await one.end();
      }
      await becomes('a crash loop', () => loop.isLooping());
      expect(await usual.isLooping()).toBe(false);
    },
  },
  {
    field: 'runtime.restart.window_ms',
    effect: 'crashes that lie further apart are no loop',
    observe: async (world) => {
      const restart = { first_ms: 50, crash_loop_after: 1, window_ms: 100 };
      const rare = await Crashing.open(world, 'window', restart);
      for (let round = 0; round < 3; round += 1) {
        await rare.crash();
        await pause(300);
      }
      expect(await rare.isLooping()).toBe(false);
    },
  },
];

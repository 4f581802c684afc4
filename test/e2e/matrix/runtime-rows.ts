import { expect } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { becomes, revealedTo, type MatrixRow, type MatrixService } from './matrix-world.js';
import { fixture, type Json } from '../../support/gateway-process.js';
import { textOf } from '../../support/mcp-clients.js';

/** Calls `work` twice at once; statuses and reasons in the order of the numbers. */
async function twoAtOnce(service: MatrixService, ms: number): Promise<Json[]> {
  const answers = await Promise.all([service.call('work', { ms }), service.call('work', { ms })]);
  return answers
    .map(({ status, body }) => [status, body.reason ?? null])
    .sort(([left], [right]) => Number(left) - Number(right));
}

/** Two clients at once; whether they have one process between them. */
async function shareOne(service: MatrixService): Promise<boolean> {
  const pids = [];
  for (let at = 0; at < 2; at += 1) pids.push((await revealedTo(await service.client())).pid);
  return pids[0] === pids[1];
}

const both200 = [
  [200, null],
  [200, null],
];

const started: readonly MatrixRow[] = [
  {
    field: 'runtime.command',
    effect: 'another program is started',
    observe: async (world) => {
      const command = join(world.dir, 'own-node');
      const script = `#!/bin/sh\nSTARTED_BY=own exec ${process.execPath} "$@"\n`;
      writeFileSync(command, script, { mode: 0o755 });
      const { env } = await (await world.reveal({ runtime: { command } })).reveal();
      expect(env.STARTED_BY).toBe('own');
    },
  },
  {
    field: 'runtime.args',
    effect: 'the process gets them as they are written',
    observe: async (world) => {
      const { args } = await (await world.reveal({}, ['marker', 'a b; $HOME'])).reveal();
      expect(args).toEqual(['marker', 'a b; $HOME']);
    },
  },
  {
    field: 'runtime.env',
    effect: 'the process has the variable, references filled in',
    observe: async (world) => {
      const env = { MODE: 'fast', KEY: '${env:SWITCHYARD_SECRET_MATRIX}' };
      const seen = (await (await world.reveal({ runtime: { env } })).reveal()).env;
      // What came from a reference is scrubbed from what is kept, not from what the process has.
      expect([seen.MODE, seen.KEY.length]).toEqual(['fast', 'a secret of the matrix'.length]);
      expect((await (await world.reveal()).reveal()).env).not.toHaveProperty('MODE');
    },
  },
  {
    field: 'runtime.cwd',
    effect: 'the process starts there, otherwise where the gateway did',
    observe: async (world) => {
      const own = await world.reveal({ runtime: { cwd: world.dir } });
      expect((await own.reveal()).cwd).toBe(world.dir);
      expect((await (await world.reveal()).reveal()).cwd).toBe(process.cwd());
    },
  },
];

const instances: readonly MatrixRow[] = [
  {
    field: 'runtime.isolation',
    effect: 'two clients share one process instead of having their own',
    observe: async (world) => {
      expect(await shareOne(await world.reveal({ runtime: { isolation: 'shared' } }))).toBe(true);
      expect(await shareOne(await world.reveal({ runtime: { isolation: 'session' } }))).toBe(false);
    },
  },
  {
    field: 'runtime.replicas',
    effect: 'so many processes serve',
    observe: async (world) => {
      const three = await world.reveal({ runtime: { replicas: 3 } });
      await becomes('three instances', async () => (await three.readyInstances()) === 3);
      expect(await (await world.reveal()).readyInstances()).toBe(1);
    },
  },
  {
    field: 'runtime.warm',
    effect: 'processes wait for clients that have not come',
    observe: async (world) => {
      const runtime = { isolation: 'session' };
      const warm = await world.reveal({ runtime: { ...runtime, warm: 3 } });
      const cold = await world.reveal({ runtime });
      await becomes('three instances', async () => (await warm.readyInstances()) >= 3);
      expect(await cold.readyInstances()).toBeLessThan(3);
    },
  },
  {
    field: 'runtime.max_instances',
    effect: 'a client for whom there is no place is refused',
    observe: async (world) => {
      const runtime = { isolation: 'session' };
      const few = await world.reveal({ runtime: { ...runtime, max_instances: 2 } });
      for (let at = 0; at < 2; at += 1) await few.client();
      await expect(few.client()).rejects.toThrow(/in use/);
      const many = await world.reveal({ runtime });
      for (let at = 0; at < 3; at += 1) await many.client();
    },
  },
  {
    field: 'runtime.max_in_flight',
    effect: 'a second call at the same time has no place',
    observe: async (world) => {
      const queue = { size: 0 };
      const one = await world.reveal({ runtime: { max_in_flight: 1, queue } });
      expect(await twoAtOnce(one, 800)).toEqual([
        [200, null],
        [503, 'queue-full'],
      ]);
      expect(await twoAtOnce(await world.reveal({ runtime: { queue } }), 800)).toEqual(both200);
    },
  },
  {
    field: 'runtime.exclusive',
    effect: 'a second call at the same time has no place, whatever max_in_flight is',
    observe: async (world) => {
      const one = await world.reveal({ runtime: { exclusive: true, queue: { size: 0 } } });
      expect(await twoAtOnce(one, 800)).toEqual([
        [200, null],
        [503, 'queue-full'],
      ]);
    },
  },
  {
    field: 'runtime.queue.size',
    effect: 'calls that would wait are refused',
    observe: async (world) => {
      const runtime = { max_in_flight: 1 };
      const none = await world.reveal({ runtime: { ...runtime, queue: { size: 0 } } });
      expect((await twoAtOnce(none, 800))[1]).toEqual([503, 'queue-full']);
      expect(await twoAtOnce(await world.reveal({ runtime }), 500)).toEqual(both200);
    },
  },
  {
    field: 'runtime.queue.timeout_ms',
    effect: 'a call waits no longer',
    observe: async (world) => {
      const queue = { timeout_ms: 100 };
      const service = await world.reveal({ runtime: { max_in_flight: 1, queue } });
      expect((await twoAtOnce(service, 1_500))[1]).toEqual([503, 'queue-timeout']);
    },
  },
];

/** A call that makes progress after a second and is silent for another one. */
async function silentAtTheEnd(service: MatrixService): Promise<string> {
  const params = { name: 'work', arguments: { ms: 2_000, steps: 2 } };
  const options = { onprogress: () => undefined };
  return textOf(await (await service.client()).callTool(params, undefined, options));
}

const times: readonly MatrixRow[] = [
  {
    field: 'runtime.start_timeout_ms',
    effect: 'a slow start is given up',
    observe: async (world) => {
      const args = [fixture('revealing-server.mjs'), 'slow-start=1500'];
      const runtime = { command: 'node', args, start_timeout_ms: 700 };
      const { failure } = await world.add({ runtime });
      expect(failure).toMatch(/timeout$/);
      await world.reveal({}, ['slow-start=1500']);
    },
  },
  {
    field: 'runtime.call_timeout_ms',
    effect: 'a slow call is ended with 504',
    observe: async (world) => {
      const quick = await world.reveal({ runtime: { call_timeout_ms: 300 } });
      expect(await quick.statusOf('work', { ms: 3_000 })).toBe(504);
      expect(await (await world.reveal()).statusOf('work', { ms: 700 })).toBe(200);
    },
  },
  {
    field: 'runtime.stream_timeout_ms',
    effect: 'a call that has made progress may not fall silent',
    observe: async (world) => {
      const strict = await world.reveal({ runtime: { stream_timeout_ms: 200 } });
      await expect(silentAtTheEnd(strict)).rejects.toThrow(/No answer within 200 ms/);
      expect(await silentAtTheEnd(await world.reveal())).toBe('v1');
    },
  },
  {
    field: 'runtime.idle_stop_ms',
    effect: 'an unused process is stopped',
    observe: async (world) => {
      const kept = await world.reveal();
      const stopped = await world.reveal({ runtime: { idle_stop_ms: 500 } });
      await becomes('no instance', async () => (await stopped.get('/instances')).total === 0);
      expect((await kept.get('/instances')).total).toBe(1);
      expect((await stopped.reveal()).label).toBe('v1');
    },
  },
  {
    field: 'runtime.drain_ms',
    effect: 'a call under way is cut when its process is replaced',
    observe: async (world) => {
      const replaced = async (runtime: Json): Promise<number> => {
        const service = await world.reveal({ runtime });
        const call = service.statusOf('work', { ms: 4_000 });
        await becomes(
          'a call',
          async () => (await service.get('/instances')).items[0].in_flight > 0,
        );
        const args = [fixture('revealing-server.mjs'), 'label=v2'];
        expect((await service.update({ runtime: { args } })).status).toBe(200);
        return call;
      };
      const [cut, finished] = await Promise.all([replaced({ drain_ms: 100 }), replaced({})]);
      expect(cut).toBeGreaterThanOrEqual(500);
      expect(finished).toBe(200);
    },
  },
  {
    field: 'runtime.session_drain_ms',
    effect: 'an open session does not stay on a process that was replaced',
    observe: async (world) => {
      const opened = async (runtime: Json) => {
        const service = await world.reveal({ runtime: { isolation: 'session', ...runtime } });
        const client = await service.client();
        expect((await revealedTo(client)).label).toBe('v1');
        const args = [fixture('revealing-server.mjs'), 'label=v2'];
        expect((await service.update({ runtime: { args } })).status).toBe(200);
        return client;
      };
      const [ended, kept] = await Promise.all([opened({ session_drain_ms: 100 }), opened({})]);
      const isOver = async (): Promise<boolean> =>
        revealedTo(ended).then(
          ({ label }) => label === 'v2',
          () => true,
        );
      await becomes('the end of a session', isOver);
      expect((await revealedTo(kept)).label).toBe('v1');
    },
  },
];

const limits: readonly MatrixRow[] = [
  {
    field: 'runtime.limits.memory_mb',
    effect: 'a process that takes more is ended',
    observe: async (world) => {
      const bounded = await world.reveal({ runtime: { limits: { memory_mb: 200 } } });
      await bounded.call('hold', { mb: 300 });
      await becomes('an end', () => bounded.logged('bytes of memory, more than 209715200'));
    },
  },
  {
    field: 'runtime.limits.open_files',
    effect: 'the process may open so many files',
    observe: async (world) => {
      const bounded = await world.reveal({ runtime: { limits: { open_files: 77 } } });
      expect((await bounded.reveal()).open_files).toBe(77);
      expect((await (await world.reveal()).reveal()).open_files).not.toBe(77);
    },
  },
  {
    field: 'runtime.limits.processes',
    effect: 'a process that starts more is ended',
    observe: async (world) => {
      const bounded = await world.reveal({ runtime: { limits: { processes: 3 } } });
      await bounded.call('spawn', { processes: 6 });
      await becomes('an end', () => bounded.logged('processes, more than 3'));
    },
  },
  {
    field: 'runtime.limits.cpu_percent',
    effect: 'a busy process makes the service degraded',
    observe: async (world) => {
      const monitoring = { checks: [{ kind: 'performance', interval_ms: 1_000, fail_after: 1 }] };
      const bounded = await world.reveal({ runtime: { limits: { cpu_percent: 3 } }, monitoring });
      const free = await world.reveal({ monitoring });
      await Promise.all([bounded, free].map((one) => one.call('burn', { ms: 8_000 })));
      const reasonOf = async (one: MatrixService): Promise<string> =>
        (await one.get('/health')).reason;
      await becomes('too much CPU', async () => (await reasonOf(bounded)) === 'CpuHigh');
      expect(await reasonOf(free)).not.toBe('CpuHigh');
      expect(await bounded.statusOf('reveal')).toBe(200);
    },
  },
  {
    field: 'runtime.limits.output_line_bytes',
    effect: 'a longer message is not taken',
    observe: async (world) => {
      const limited = { runtime: { limits: { output_line_bytes: 32_768 } } };
      const bounded = await world.reveal(limited);
      expect(await bounded.statusOf('long', { bytes: 60_000 })).toBe(502);
      expect(await (await world.reveal()).statusOf('long', { bytes: 60_000 })).toBe(200);
    },
  },
];

export const RUNTIME_ROWS: readonly MatrixRow[] = [...times, ...limits, ...instances, ...started];

export const runtimeEnv = (dir: string): Readonly<Record<string, string>> => ({
  SWITCHYARD_COMMANDS: `node,${dir}/`,
  SWITCHYARD_SECRET_MATRIX: 'a secret of the matrix',
});

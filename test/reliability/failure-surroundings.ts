import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startGateway } from './failure-gateway.js';
import type { Answer } from '../support/gateway-process.js';
import type { FailureCase } from './failure-case.js';
import type { AlertsAnswer } from './gateway-answers.js';
import { CHECKS, NEEDED, RUNTIME, SERVER, type FailurePlace } from './failure-place.js';

const HOUR_MS = 3_600_000;
const SAFE = { level: 'healthy', reasons: [], withinMs: 0, everyCallAnswered: true } as const;
const DEPENDENCY = {
  level: 'unhealthy',
  reasons: ['DependencyNotActive', 'DependencyUnhealthy'],
} as const;

/** What happens around a service that is well itself. */
export const SURROUNDING_FAILURES: readonly FailureCase[] = [
  {
    name: 'clock-jump',
    injected: 'the clock is set one hour ahead, then two hours back',
    setUp: (place) => place.registerChild(),
    fail: async (place) => {
      place.surround({ clock_ms: HOUR_MS });
      await pause(4_000);
      place.surround({ clock_ms: -HOUR_MS });
    },
    mend: (place) => {
      place.surround({});
    },
    expect: { ...SAFE, recoversMs: 2_000 },
  },
  {
    name: 'clock-jump-hang',
    injected: 'nothing is answered any more, and the clock is set one hour back meanwhile',
    setUp: (place) => place.registerChild(),
    fail: async (place) => {
      place.behave('hang');
      await pause(500);
      place.surround({ clock_ms: -HOUR_MS });
    },
    mend: (place) => {
      place.behave('well');
      place.surround({});
    },
    expect: {
      level: 'unhealthy',
      reasons: ['PingFailed', 'CircuitOpen', 'ListFailed'],
      withinMs: 6_000,
      recoversMs: 9_000,
    },
  },
  {
    name: 'dependency-down',
    injected: 'a service that this one requires ends, and again at each start',
    setUp: needing,
    fail: (place) => {
      needs(place, 'exit');
    },
    mend: (place) => {
      needs(place, 'well');
    },
    expect: { ...DEPENDENCY, withinMs: 8_000, recoversMs: 10_000 },
  },
  {
    name: 'dependency-flaps',
    injected: 'a service that this one requires ends and comes back every 3 s, for 24 s',
    setUp: needing,
    fail: async (place) => {
      for (let count = 0; count < 8; count += 1) {
        needs(place, count % 2 === 0 ? 'exit' : 'well');
        await pause(3_000);
      }
      needs(place, 'exit');
    },
    mend: (place) => {
      needs(place, 'well');
    },
    lastsMs: 1_000,
    expect: { ...DEPENDENCY, withinMs: 34_000, recoversMs: 10_000, wellMs: Infinity },
    also: fewAlerts,
  },
  {
    name: 'disk-full',
    injected: 'the disk of the data directory is full',
    gateway: onSmallDisk,
    setUp: (place) => place.registerChild(),
    fail: async (place) => {
      fill(place.gateway.dataDir);
      place.kept.set('refusal', await draft(place, 'in-the-flood'));
    },
    mend: (place) => {
      rmSync(join(place.gateway.dataDir, 'filler'));
    },
    // The store is looked at once a minute.
    lastsMs: 70_000,
    expect: { ...SAFE, recoversMs: 2_000 },
    also: isTold,
  },
];

async function needing(place: FailurePlace): Promise<void> {
  needs(place, 'well');
  await place.register(`${place.service}-${NEEDED}`, {
    config: {
      runtime: { ...RUNTIME, command: 'node', args: [SERVER, controlOfNeeded(place)] },
      monitoring: { checks: CHECKS },
    },
  });
  await place.registerChild({
    integration: { dependencies: [{ service: `${place.service}-${NEEDED}` }] },
  });
}

const controlOfNeeded = (place: FailurePlace): string => join(place.directory, 'needed.json');

function needs(place: FailurePlace, mode: string): void {
  writeFileSync(controlOfNeeded(place), JSON.stringify({ mode }));
}

/** One alert each for what is needed and what needs it, however often it comes and goes. */
async function fewAlerts(place: FailurePlace): Promise<readonly string[]> {
  const { body } = await place.gateway.request<AlertsAnswer>('GET', '/api/v1/alerts?limit=500');
  const own = body.items.filter(({ name }) => name.startsWith(place.service));
  return own.length <= 4 ? [] : [`${String(own.length)} alerts`];
}

async function onSmallDisk(surroundings: string): ReturnType<NonNullable<FailureCase['gateway']>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dataDir]);
  const unmount = (): void => {
    execFileSync('umount', [dataDir]);
    rmdirSync(dataDir);
  };
  try {
    const gateway = await startGateway(surroundings, dataDir);
    const close = async (): Promise<void> => {
      await gateway.stop();
      unmount();
    };
    return { gateway, close };
  } catch (error) {
    unmount();
    throw error;
  }
}

function fill(directory: string): void {
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeFileSync(join(directory, 'filler'), Buffer.alloc(size), { flag: 'a' });
    } catch {
      // No room for so much: less at a time.
    }
  }
}

/** A change is refused for what it is, an alert tells of it, and afterwards changes are taken again. */
async function isTold(place: FailurePlace): Promise<readonly string[]> {
  const refusal = place.kept.get('refusal') as Answer<unknown>;
  const after = await draft(place, 'after-the-flood');
  const { body } = await place.gateway.request<AlertsAnswer>('GET', '/api/v1/alerts?limit=500');
  const alert = body.items.find(({ rule }) => rule === 'DiskFull');
  return [
    ...(refusal.status === 507 ? [] : [`a write meanwhile: ${inWords(refusal)}`]),
    ...(after.status === 201 ? [] : [`a write afterwards: ${inWords(after)}`]),
    ...(alert === undefined ? ['no alert'] : []),
  ];
}

function draft(place: FailurePlace, name: string): Promise<Answer<unknown>> {
  const runtime = { command: 'node', args: [SERVER, place.control] };
  return place.gateway.register({ name, draft: true, config: { runtime } });
}

function inWords({ status, body }: Answer<unknown>): string {
  return `${String(status)} ${JSON.stringify(body)}`;
}

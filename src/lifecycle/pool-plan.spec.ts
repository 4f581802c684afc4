import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { HostingMode } from '../registry/service.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { poolPlan } from './pool-plan.js';
import { runnableOf } from './service-observer.js';

function planOf(runtime: JsonObject, hosting_mode: HostingMode = 'stdio') {
  return poolPlan(runnableOf(revisionOf('id', 'x', 1, { config: { runtime }, hosting_mode })));
}

describe('the plan of a pool', () => {
  it('gives each session of a stdio server a child of its own, some kept warm', () => {
    expect(planOf({ warm: 2 })).toMatchObject({ kind: 'own', warm: 2, spawns: true });
  });

  it('shares replicas when the service says so', () => {
    const plan = planOf({ isolation: 'shared', replicas: 3, warm: 2 });
    expect(plan).toMatchObject({ kind: 'shared', replicas: 3, warm: 0 });
  });

  it('shares a child that listens, whatever the isolation', () => {
    expect(planOf({}, 'streamable_http')).toMatchObject({ kind: 'shared', spawns: true });
  });

  it('has one connection to a remote server, which costs no process and is never stopped', () => {
    const plan = planOf({ command: null, replicas: 4 }, 'sse');
    expect(plan).toMatchObject({
      kind: 'shared',
      replicas: 1,
      maxInstances: 1,
      spawns: false,
      idleStopMs: null,
    });
  });

  it('proves what starts after none ran where changed tools may not be served', () => {
    const plan = (tool_pinning: string, runtime: JsonObject): boolean => {
      const config = { runtime, security: { tool_pinning } };
      return poolPlan(runnableOf(revisionOf('id', 'x', 1, { config }))).reproves;
    };
    expect(plan('block', { isolation: 'shared' })).toBe(true);
    expect(plan('warn', { isolation: 'shared' })).toBe(false);
    expect(plan('block', { isolation: 'session' })).toBe(false);
  });

  it('never plans beyond the cap of the service', () => {
    expect(planOf({ warm: 9, max_instances: 2 })).toMatchObject({ warm: 2, maxInstances: 2 });
    expect(planOf({ isolation: 'shared', replicas: 9, max_instances: 2 }).replicas).toBe(2);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { serviceConfig, serviceDocument, serviceSpec } from '../../test/support/service-fixture.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { SilentLogger } from '../kernel/logger.js';
import type { RevisionDocument, ServiceDocument } from '../registry/service.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import type { MountedController } from './endpoint-controller.factory.js';
import { MountSurvey } from './mount-survey.js';
import { RoutePublisher } from './route-publisher.js';

type Served = ReadonlyMap<string, readonly number[]>;
type SurveyPorts = ConstructorParameters<typeof MountSurvey>;

class World {
  readonly services = new Map<string, ServiceDocument>();
  readonly sources = new Map<string, InstanceSource>();
  readonly down = new Set<string>();
  readonly broken = new Set<string>();
  readonly holder = new RouteTableHolder();
  readonly published: { version: number; served: Served }[] = [];
  /** What lifecycle was asked to keep, such as `weather 1,2`. */
  readonly kept: string[] = [];
  readonly history: RevisionDocument[] = [];
  stable: number | null = null;
  mounted = 0;
  readonly publisher: RoutePublisher;

  constructor() {
    const registry = {
      find: (key: string) =>
        this.services.get(key) ?? [...this.services.values()].find((s) => s.spec.name === key),
      list: () => [...this.services.values()],
      revision: (_id: string, revision: number) =>
        Promise.resolve({
          ...this.required('weather'),
          revision,
          tools: [],
        } as unknown as RevisionDocument),
      revisions: () => Promise.resolve(this.history),
    };
    const lifecycle = {
      statusOf: (id: string) => {
        if (this.broken.has(id)) throw new Error('the status cannot be read');
        return { tools: [], stable_revision: this.stable };
      },
      availabilityOf: (id: string) => ({
        serving: !this.down.has(id),
        state: 'active',
        reason: 'Down',
        message: '',
        retry_after_s: 1,
      }),
      sourceFor: (id: string, revision: number) => this.sources.get(`${id}/${revision}`) ?? null,
      keepRevisions: (id: string, revisions: readonly number[]) => {
        this.kept.push(`${id} ${revisions.join()}`);
        for (const revision of revisions) this.provide(id, revision);
        return Promise.resolve();
      },
    };
    const survey = new MountSurvey(
      registry as unknown as SurveyPorts[0],
      lifecycle as unknown as SurveyPorts[1],
      { ofService: () => [] },
    );
    const mounts = {
      mount: () => {
        this.mounted += 1;
        return Promise.resolve({ type: Object, guarded: null } as unknown as MountedController);
      },
      unmount: () => {
        this.mounted -= 1;
      },
    };
    const listener = (version: number, served: Served): void => {
      this.published.push({ version, served });
    };
    this.publisher = new RoutePublisher(survey, mounts, this.holder, listener, new SilentLogger());
  }

  add(name: string, over: Partial<ServiceDocument> = {}): void {
    const document = serviceDocument(name, over);
    this.services.set(document.service_id, document);
    this.provide(document.service_id, document.revision);
  }

  provide(id: string, revision: number): void {
    const key = `${id}/${revision}`;
    const source: InstanceSource = { acquire: () => Promise.reject(new Error(key)) };
    if (!this.sources.has(key)) this.sources.set(key, source);
  }

  required(id: string): ServiceDocument {
    const document = this.services.get(id);
    if (document === undefined) throw new Error(id);
    return document;
  }

  lastServed(): Record<string, readonly number[]> {
    return Object.fromEntries(this.published[this.published.length - 1]?.served ?? []);
  }
}

describe('RoutePublisher', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it('publishes a first table even when there is nothing to serve', async () => {
    expect(await world.publisher.publish()).toBe(1);
    expect(world.published).toHaveLength(1);
  });

  it('mounts what is wanted active or inactive, and no draft', async () => {
    world.add('weather');
    world.add('sleeping', { desired: 'inactive' });
    world.add('sketch', { desired: 'draft' });
    world.down.add('sleeping');
    await world.publisher.publish();
    const { current } = world.holder;
    expect(current.match('/mcp/weather')?.endpoint.unavailable).toBeNull();
    expect(current.match('/mcp/sleeping')?.endpoint.unavailable).toMatchObject({ reason: 'Down' });
    expect(current.match('/mcp/sketch')).toBeNull();
    expect(world.lastServed()).toEqual({ weather: [1] });
  });

  it('swaps once for what is asked while another run goes on', async () => {
    for (const name of ['a', 'b', 'c', 'd']) world.add(name);
    const first = world.publisher.publish(['a']);
    await Promise.resolve();
    await Promise.resolve();
    const rest = ['b', 'c', 'd'].map((name) => world.publisher.publish([name]));
    expect(await first).toBe(1);
    expect(new Set(await Promise.all(rest)).size).toBe(1);
    expect(world.holder.current.version).toBe(2);
    expect(world.holder.current.endpoints).toHaveLength(4);
  });

  it('answers without a swap when nothing changed, and still tells what is published', async () => {
    world.add('weather');
    await world.publisher.publish();
    const table = world.holder.current;
    await world.publisher.publish(['weather']);
    expect(world.holder.current).toBe(table);
    expect(world.published).toHaveLength(2);
  });

  it('forgets a service that is gone, its controller included', async () => {
    world.add('weather');
    await world.publisher.publish();
    world.services.delete('weather');
    await world.publisher.publish(['weather']);
    expect(world.holder.current.match('/mcp/weather')).toBeNull();
    expect([world.mounted, world.publisher.routes.length]).toEqual([0, 0]);
    expect(world.lastServed()).toEqual({});
  });

  it('serves the new revision at the swap and names it alone', async () => {
    world.add('weather');
    await world.publisher.publish();
    world.add('weather', { revision: 2 });
    await world.publisher.publish(['weather']);
    expect(world.holder.current.ofService('weather')?.revision).toBe(2);
    expect(world.lastServed()).toEqual({ weather: [2] });
  });

  it('goes on with the stable revision while the new one has no instances yet', async () => {
    world.add('weather');
    world.stable = 1;
    await world.publisher.publish();
    world.services.set('weather', serviceDocument('weather', { revision: 2 }));
    await world.publisher.publish(['weather']);
    expect(world.holder.current.ofService('weather')).toMatchObject({
      revision: 1,
      unavailable: null,
    });
  });

  it('keeps what a service had when its facts cannot be read, and compiles the others', async () => {
    world.add('weather');
    await world.publisher.publish();
    world.broken.add('weather');
    world.add('other');
    await world.publisher.publish();
    expect(world.holder.current.match('/mcp/weather')).not.toBeNull();
    expect(world.holder.current.match('/mcp/other')).not.toBeNull();
  });

  it('asks for instances of the revisions that routes name, and serves them beside the current one', async () => {
    const routes = [{ path: '/mcp/weather/v/1.0.0', priority: 0, version: null }];
    const spec = serviceSpec({ version: '2.0.0' });
    const first = serviceDocument('weather', { spec: serviceSpec({ version: '1.0.0' }) });
    world.history.push({ ...first, outcome: 'superseded' } as unknown as RevisionDocument);
    const effective = serviceConfig({ network: { routes } });
    world.add('weather', { revision: 2, spec, effective });
    await world.publisher.publish();
    expect(world.kept).toEqual(['weather 1']);
    expect(world.lastServed()).toEqual({ weather: [1, 2] });
    const named = world.holder.current.match('/mcp/weather/v/1.0.0')?.endpoint;
    expect(named).toMatchObject({ revision: 1, unavailable: null });

    world.add('weather', { revision: 2, spec });
    await world.publisher.publish();
    expect(world.kept).toEqual(['weather 1', 'weather ']);
    expect(world.lastServed()).toEqual({ weather: [2] });
  });

  it('drops an alias once another service has the name', async () => {
    world.add('climate', { former_names: ['weather'], spec: serviceSpec({ name: 'climate' }) });
    await world.publisher.publish();
    expect(world.holder.current.match('/mcp/weather')?.endpoint.serviceName).toBe('climate');
    world.add('weather');
    await world.publisher.publish();
    expect(world.holder.current.match('/mcp/weather')?.endpoint.serviceName).toBe('weather');
  });

  it('makes one controller for a service, and another when what it shows changes', async () => {
    world.add('weather');
    await world.publisher.publish();
    await world.publisher.publish(['weather']);
    expect(world.mounted).toBe(1);
    world.add('weather', { spec: serviceSpec({ name: 'weather', title: 'New title' }) });
    await world.publisher.publish(['weather']);
    expect(world.mounted).toBe(1);
  });

  it('publishes one change among ten thousand services in milliseconds', async () => {
    for (let n = 0; n < 10_000; n += 1) world.add(`service-${n}`);
    await world.publisher.publish();
    const times: number[] = [];
    for (let revision = 2; revision < 12; revision += 1) {
      world.add('service-77', { revision });
      const before = performance.now();
      await world.publisher.publish(['service-77']);
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    expect(world.holder.current.endpoints).toHaveLength(10_000);
    expect(times[5]).toBeLessThan(150);
  }, 30_000);
});

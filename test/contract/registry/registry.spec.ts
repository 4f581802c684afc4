import { describe, expect, it } from '@jest/globals';
import type { ProblemError } from '../../../src/kernel/problem.js';
import { bodyOf, created, CTX, needing, prepared, registryFixture } from './registry-fixture.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('creating', () => {
  it('stores revision 1, to be active, in one commit with its audit entry', async () => {
    const { registry, store, events } = await registryFixture();
    const service = await created(registry, bodyOf('weather', { tags: ['geo'] }));
    expect(service).toMatchObject({
      revision: 1,
      candidate: null,
      desired: 'active',
      generation: 1,
      former_names: [],
      command_file: '/usr/lib/bin/npx-cli.js',
      spec: { name: 'weather', extends: 'executable_service@1', version: '1.0.0' },
    });
    expect(await registry.revision('weather', 1)).toMatchObject({
      outcome: 'current',
      actor: 'alice',
    });
    const commits = await store.changesSince(0);
    expect(commits).toHaveLength(1);
    expect(commits[0]?.meta).toMatchObject({ verb: 'service.create', request_id: 'req-1' });
    expect(events.map(([name]) => name)).toEqual(['ServiceCreated']);
  });

  it('stores a draft as one', async () => {
    const { registry } = await registryFixture();
    expect((await created(registry, bodyOf('a'), { draft: true })).desired).toBe('draft');
  });

  it('lets one of 200 parallel creates have the name', async () => {
    const { registry, events } = await registryFixture();
    const spec = await prepared(registry, bodyOf('weather'));
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => registry.create(spec, CTX)),
    );
    const [winner, ...others] = results.filter((one) => one.status === 'fulfilled');
    expect(others).toEqual([]);
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(199);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'registry.name-taken',
        details: { extra: { service_id: winner?.value.service_id } },
      });
    }
    expect(events).toHaveLength(1);
  });

  it('lets 200 different names be created side by side', async () => {
    const { registry } = await registryFixture();
    const names = Array.from({ length: 200 }, (_, n) => `s${n}`);
    await Promise.all(names.map((name) => created(registry, bodyOf(name))));
    expect(registry.list()).toHaveLength(200);
    expect(names.every((name) => registry.find(name)?.spec.name === name)).toBe(true);
  });

  it('lets one of many parallel creates have the script', async () => {
    const { registry } = await registryFixture();
    const script_id = '7f000000-0000-4000-8000-000000000001';
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => created(registry, bodyOf(`s${n}`, { script_id }))),
    );
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(registry.findByScript(script_id.toUpperCase())?.spec.script_id).toBe(script_id);
  });

  it('takes an id chosen by the client, once', async () => {
    const { registry } = await registryFixture();
    const service_id = '7f000000-0000-4000-8000-0000000000ab';
    const first = await created(registry, bodyOf('a'), { service_id: service_id.toUpperCase() });
    expect(first.service_id).toBe(service_id);
    await expect(created(registry, bodyOf('b'), { service_id })).rejects.toEqual(
      code('registry.id-taken'),
    );
    await registry.setDesired(service_id, 'archived', CTX);
    await registry.archive(service_id);
    await expect(created(registry, bodyOf('b'), { service_id })).rejects.toEqual(
      code('registry.id-taken'),
    );
  });
});

describe('validating', () => {
  it('reports the errors of the service and of its configuration at once', async () => {
    const { registry } = await registryFixture();
    const body = { name: 'BAD', version: 'x', colour: 1, config: { runtime: { warm: -1 } } };
    const error: unknown = await Promise.resolve()
      .then(() => registry.validate(body))
      .catch((reason: unknown) => reason);
    expect(error).toEqual(code('registry.invalid'));
    const pointers = (error as ProblemError).details.errors?.map(({ pointer }) => pointer).sort();
    expect(pointers).toEqual(['/colour', '/config/runtime/warm', '/name', '/version']);
  });

  it('answers the configuration problem when the rest is fine', async () => {
    const { registry } = await registryFixture();
    const env = { API_TOKEN: 'x' };
    expect(() =>
      registry.validate(bodyOf('a', { config: { runtime: { command: 'npx', env } } })),
    ).toThrow(expect.objectContaining({ code: 'config.literal-secret' }));
  });

  it('accepts what it answers: a stored spec can be sent back', async () => {
    const { registry } = await registryFixture();
    const service = await created(registry, bodyOf('a', { tags: ['x'], title: 'A' }));
    const again = registry.validate({ ...service.spec, state: 'active', tools: [], revision: 3 });
    expect(again).toEqual(service.spec);
  });
});

describe('finding', () => {
  it('finds by id and by name', async () => {
    const { registry } = await registryFixture();
    const { service_id } = await created(registry, bodyOf('a'));
    expect(registry.find('a')?.service_id).toBe(service_id);
    expect(registry.require(service_id).spec.name).toBe('a');
    expect(registry.version(service_id)).toBe(1);
    expect(() => registry.require('b')).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('says of a deleted service where it is and how to restore it', async () => {
    const { registry } = await registryFixture();
    const { service_id } = await created(registry, bodyOf('a'));
    await registry.setDesired(service_id, 'archived', CTX);
    await registry.archive(service_id);
    for (const key of ['a', service_id]) {
      expect(() => registry.require(key)).toThrow(
        expect.objectContaining({
          status: 410,
          details: expect.objectContaining({
            extra: expect.objectContaining({ restore: `/api/v1/services/${service_id}/restore` }),
          }),
        }),
      );
    }
  });
});

describe('dependencies', () => {
  it('refuses a cycle, naming it', async () => {
    const { registry } = await registryFixture();
    await created(registry, needing('a', 'b'));
    await created(registry, needing('b', 'c'));
    await expect(created(registry, needing('c', 'a'))).rejects.toMatchObject({
      code: 'registry.dependency-cycle',
      details: { extra: { cycle: ['c', 'a', 'b', 'c'] } },
    });
    await expect(created(registry, needing('self', 'self'))).rejects.toEqual(
      code('registry.dependency-cycle'),
    );
  });

  it('refuses a cycle that two parallel creates would make, and one by id', async () => {
    const { registry } = await registryFixture();
    const results = await Promise.allSettled([
      created(registry, needing('a', 'b')),
      created(registry, needing('b', 'a')),
    ]);
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const service_id = '7f000000-0000-4000-8000-0000000000ac';
    const own = created(registry, needing('c', service_id), { service_id });
    await expect(own).rejects.toEqual(code('registry.dependency-cycle'));
  });

  it('counts the dependencies of candidates', async () => {
    const { registry } = await registryFixture();
    const a = await created(registry, bodyOf('a'));
    const b = await created(registry, bodyOf('b'));
    await registry.propose(a.service_id, await prepared(registry, needing('a', 'b')), CTX);
    const back = registry.propose(b.service_id, await prepared(registry, needing('b', 'a')), CTX);
    await expect(back).rejects.toEqual(code('registry.dependency-cycle'));
  });

  it('refuses to delete what an active service requires, and tells who depends on it', async () => {
    const { registry } = await registryFixture();
    const base = await created(registry, bodyOf('base'));
    const user = await created(registry, needing('user', 'base'));
    await expect(registry.setDesired(base.service_id, 'archived', CTX)).rejects.toMatchObject({
      code: 'registry.has-dependents',
      details: { extra: { dependents: [{ service_id: user.service_id, name: 'user' }] } },
    });
    expect(registry.dependentsOf('base')).toMatchObject([{ name: 'user', desired: 'active' }]);
    await registry.setDesired(user.service_id, 'inactive', CTX);
    await expect(registry.setDesired(base.service_id, 'archived', CTX)).resolves.toMatchObject({
      desired: 'archived',
    });
  });

  it('deletes it all the same when told to', async () => {
    const { registry } = await registryFixture();
    const base = await created(registry, bodyOf('base'));
    await created(registry, needing('user', 'base'));
    const options = { allowDependents: true };
    await expect(
      registry.setDesired(base.service_id, 'archived', CTX, options),
    ).resolves.toMatchObject({
      desired: 'archived',
    });
  });

  it('rebuilds the graph when services change', async () => {
    const { registry } = await registryFixture();
    const first = registry.graph();
    expect(registry.graph()).toBe(first);
    await created(registry, bodyOf('a'));
    expect(registry.graph().nodes).toHaveLength(1);
  });
});

describe('If-Match', () => {
  it('is required, and must name the present spec version', async () => {
    const { registry } = await registryFixture();
    const { service_id } = await created(registry, bodyOf('a'));
    const etag = registry.etag(service_id, 7);
    expect(etag).toBe('"1.7"');
    expect(registry.checkIfMatch(etag, service_id)).toBe('1');
    expect(registry.checkIfMatch('"1.99"', service_id)).toBe('1');
    expect(registry.checkIfMatch('*', service_id)).toBe('*');
    expect(() => registry.checkIfMatch(undefined, service_id)).toThrow(
      expect.objectContaining({ status: 428 }),
    );
    expect(() => registry.checkIfMatch('"2.7"', service_id)).toThrow(
      expect.objectContaining({
        status: 412,
        details: expect.objectContaining({ headers: { ETag: '"1.0"' } }),
      }),
    );
  });

  it.each(['active', 'draft'])(
    'lets one of 50 writers win on a service that is %s',
    async (desired) => {
      const { registry } = await registryFixture();
      const { service_id } = await created(registry, bodyOf('a'), { draft: desired === 'draft' });
      const ifMatch = registry.checkIfMatch(registry.etag(service_id, 0), service_id);
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, async (_, n) =>
          registry.propose(
            service_id,
            await prepared(registry, bodyOf('a', { title: `t${n}` })),
            CTX,
            { ifMatch },
          ),
        ),
      );
      expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      const refused = results.filter((one) => one.status === 'rejected');
      expect(refused).toHaveLength(49);
      for (const { reason } of refused) expect(reason).toMatchObject({ status: 412 });
    },
  );

  it('is 412 too when a writer outside the registry was faster', async () => {
    const { registry, store } = await registryFixture();
    const service = await created(registry, bodyOf('a'), { draft: true });
    const id = service.service_id;
    const spec = await prepared(registry, bodyOf('a', { title: 'x' }));
    const proposing = registry.propose(id, spec, CTX, { ifMatch: '1' });
    const foreign = {
      kind: 'service' as const,
      id,
      op: 'put' as const,
      doc: { ...service, generation: 9 },
    };
    await store.commit([foreign], { actor: 'a', source: 'api', verb: 'import' });
    await expect(proposing).rejects.toMatchObject({ status: 412 });
    expect(registry.require(id).generation).toBe(9);
  });
});

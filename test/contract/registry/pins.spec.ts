import { describe, expect, it } from '@jest/globals';
import { bodyOf, created, CTX, prepared, registryFixture } from './registry-fixture.js';

describe('what a change may break', () => {
  it('is stored with the revision, and another answer to it is another revision', async () => {
    const { registry, store } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'));
    const next = await prepared(registry, bodyOf('a', { title: 'x' }));
    await registry.propose(id, next, CTX);
    expect(registry.candidateOf(id)).not.toHaveProperty('allow_breaking');
    const again = await registry.propose(id, next, CTX, { allow_breaking: true });
    expect(again).toEqual({ outcome: 'proposed', revision: 3 });
    expect(registry.candidateOf(id)?.allow_breaking).toBe(true);
    const same = await registry.propose(id, next, CTX, { allow_breaking: true });
    expect(same.revision).toBe(3);
    // After a crash the registry is made anew from what is stored.
    const { registry: reborn } = await registryFixture({}, undefined, store);
    expect(reborn.candidateOf(id)?.allow_breaking).toBe(true);
    expect((await registry.propose(id, next, CTX)).revision).toBe(4);
  });
});

describe('a revision that an operator keeps', () => {
  it('stays, whatever routes say of it, and the entry is in the name of the operator', async () => {
    const { registry, store } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    await registry.keepRevision(id, 1, true, CTX);
    await registry.annotateRevision(id, 1, { pinned: true });
    await registry.annotateRevision(id, 1, { pinned: false });
    for (let n = 2; n <= 25; n += 1) {
      await registry.propose(id, await prepared(registry, bodyOf('a', { title: `t${n}` })), CTX);
    }
    const numbers = (await registry.revisions(id)).map(({ revision }) => revision);
    expect(numbers).toHaveLength(21);
    expect(numbers.at(-1)).toBe(1);
    const before = store.revision;
    await registry.keepRevision(id, 1, true, CTX);
    expect(store.revision).toBe(before);
    await registry.keepRevision(id, 1, false, CTX);
    const metas = (await store.changesSince(0)).map(({ meta }) => meta);
    expect(metas.filter(({ verb }) => verb.startsWith('revision.'))).toEqual([
      expect.objectContaining({ verb: 'revision.pin', actor: 'alice', reason: 'revision 1' }),
      expect.objectContaining({ verb: 'revision.annotate' }),
      expect.objectContaining({ verb: 'revision.annotate' }),
      expect.objectContaining({ verb: 'revision.unpin', actor: 'alice' }),
    ]);
    await registry.propose(id, await prepared(registry, bodyOf('a', { title: 'last' })), CTX);
    expect((await registry.revisions(id)).map(({ revision }) => revision)).not.toContain(1);
  });

  it('is one of 20 at most', async () => {
    const { registry } = await registryFixture();
    const { service_id: id } = await created(registry, bodyOf('a'), { draft: true });
    for (let n = 2; n <= 21; n += 1) {
      await registry.propose(id, await prepared(registry, bodyOf('a', { title: `t${n}` })), CTX);
      await registry.keepRevision(id, n, true, CTX);
    }
    await registry.propose(id, await prepared(registry, bodyOf('a', { title: 'more' })), CTX);
    await expect(registry.keepRevision(id, 22, true, CTX)).rejects.toMatchObject({
      code: 'registry.too-many-pins',
    });
    await registry.keepRevision(id, 2, false, CTX);
    await registry.keepRevision(id, 22, true, CTX);
    await expect(registry.keepRevision(id, 99, true, CTX)).rejects.toMatchObject({
      code: 'registry.revision-unknown',
    });
  });
});

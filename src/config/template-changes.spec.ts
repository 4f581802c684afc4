import { describe, expect, it } from '@jest/globals';
import { configServices } from '../../test/contract/registry/config-fixture.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryStore } from '../storage/memory.store.js';
import type { RecordChange } from '../storage/record-store.js';
import type { TemplateDocument } from './template.js';
import { KEPT_TEMPLATE_REVISIONS } from './template-changes.js';
import { TemplateUses } from './template-uses.js';

const META = { actor: 'a', source: 'api', verb: 'v' };

const document = (revision: number, more: Partial<TemplateDocument> = {}): TemplateDocument => ({
  schema_version: '1.0',
  template_id: 'team',
  revision,
  title: `Team ${revision}`,
  description: '',
  extends: null,
  config: {},
  overlays: {},
  ...more,
});

async function rig() {
  const store = new MemoryStore(new ManualClock());
  await store.open();
  const { templates } = await configServices(store);
  const commit = async (changes: readonly RecordChange[]): Promise<void> => {
    if (changes.length > 0) await store.commit(changes, META);
  };
  const put = async (one: TemplateDocument, expect?: number | null): Promise<void> =>
    commit(await templates.changesFor(one, expect));
  const note = async (kind: RecordChange['kind'], id: string, doc: object): Promise<void> =>
    commit([{ kind, id, op: 'put', doc }]);
  const older = (): string[] => store.ids('template_revision').map(({ id }) => id);
  return { store, templates, put, commit, note, older };
}

const told = (changes: readonly RecordChange[]): string[] =>
  changes.map(({ kind, id, op }) => `${op} ${kind} ${id}`);

describe('TemplateService.changesFor', () => {
  it('stores the newest under its id and what was the newest under its number', async () => {
    const { templates, put } = await rig();
    expect(told(await templates.changesFor(document(1)))).toEqual(['put template team']);
    await put(document(1));
    expect(told(await templates.changesFor(document(2)))).toEqual([
      'put template team',
      'put template_revision team/1',
    ]);
    await put(document(2));
    expect(templates.revisions('team').map(({ revision }) => revision)).toEqual([2, 1]);
    expect(templates.get('team@1').title).toBe('Team 1');
    expect(templates.nextRevision('team')).toBe(3);
  });

  it('changes nothing for a revision that is stored so, whoever made it and when', async () => {
    const { templates, put } = await rig();
    await put(document(1));
    await put(document(2));
    expect(await templates.changesFor(document(1, { actor: 'b', created_at: 'x' }))).toEqual([]);
    expect(await templates.changesFor(document(2))).toEqual([]);
  });

  it('puts an older revision among the older ones', async () => {
    const { templates, put } = await rig();
    await put(document(5));
    expect(told(await templates.changesFor(document(3)))).toEqual(['put template_revision team/3']);
  });

  it.each([
    [
      'the number of another content',
      document(1, { title: 'x' }),
      'config.template-revision-taken',
    ],
    ['a built-in', document(1, { template_id: 'function_service' }), 'config.template-built-in'],
  ])('refuses %s', async (_what, wanted, code) => {
    const { templates, put } = await rig();
    await put(document(1));
    await expect(templates.changesFor(wanted)).rejects.toMatchObject({ code, status: 409 });
  });

  it('lets one of two writers through that saw the same', async () => {
    const { templates, put, commit } = await rig();
    await put(document(1));
    const seen = templates.version('team');
    const mine = await templates.changesFor(document(2), seen);
    const theirs = await templates.changesFor(document(2, { title: 'theirs' }), seen);
    await commit(theirs);
    await expect(commit(mine)).rejects.toMatchObject({ code: 'storage.version-conflict' });
    expect(templates.get('team').title).toBe('theirs');
  });

  it('keeps the newest 20 older revisions, and those that anything names', async () => {
    const { put, note, older } = await rig();
    for (let revision = 1; revision <= 8; revision += 1) await put(document(revision));
    const spec = (number: number): object => ({ spec: { extends: `team@${number}` } });
    await note('service', 'svc', spec(1));
    await note('revision', 'svc/1', spec(2));
    await note('archive', 'old', { service: spec(3) });
    await note('template', 'child', document(1, { template_id: 'child', extends: 'team@4' }));
    await note('template_rollout', 'r', { state: 'running', reference: 'team@5' });
    await note('template_rollout', 's', { state: 'completed', reference: 'team@6' });
    for (let revision = 9; revision <= 40; revision += 1) await put(document(revision));
    const kept = older()
      .map((id) => Number(id.slice('team/'.length)))
      .sort((left, right) => left - right);
    const newest = Array.from({ length: KEPT_TEMPLATE_REVISIONS }, (_one, index) => 20 + index);
    expect(kept).toEqual([1, 2, 3, 4, 5, ...newest]);
  });
});

describe('TemplateService.removalsFor', () => {
  it('keeps what histories name and the number of the last revision, and never uses it again', async () => {
    const { templates, put, note, commit, older } = await rig();
    for (const revision of [1, 2, 3]) await put(document(revision));
    await note('revision', 'svc/1', { spec: { extends: 'team@1' } });
    await commit(await templates.removalsFor('team'));
    expect(() => templates.get('team')).toThrow(expect.objectContaining({ status: 404 }));
    expect(older()).toEqual(['team/1', 'team/3']);
    expect(templates.pin('team@1')).toBe('team@1');
    expect(templates.nextRevision('team')).toBe(4);
  });

  it('takes away what earlier removals left once nothing names it any more', async () => {
    const { templates, put, note, commit, older } = await rig();
    await put(document(1));
    await put(document(1, { template_id: 'next' }));
    await note('revision', 'svc/1', { spec: { extends: 'team@1' } });
    await commit(await templates.removalsFor('team'));
    await commit([{ kind: 'revision', id: 'svc/1', op: 'delete' }]);
    await commit(await templates.removalsFor('next'));
    expect(older()).toEqual(['next/1']);
  });

  it('brings the same revision back as the newest', async () => {
    const { templates, put, commit, older } = await rig();
    await put(document(1));
    await commit(await templates.removalsFor('team'));
    await put(document(1));
    expect(templates.get('team').reference).toBe('team@1');
    expect(older()).toEqual([]);
  });

  it('changes nothing for what is not there', async () => {
    const { templates } = await rig();
    expect(await templates.removalsFor('team')).toEqual([]);
  });
});

describe('TemplateUses', () => {
  it('sees what a record names now, and nothing in a damaged one', async () => {
    const { store, note } = await rig();
    const uses = new TemplateUses(store);
    await note('revision', 'svc/1', { spec: { extends: 'team@1' } });
    await note('revision', 'svc/2', { spec: 5 });
    expect([...(await uses.named())]).toEqual(['team@1']);
    await note('revision', 'svc/1', { spec: { extends: 'team@2' } });
    expect([...(await uses.named())]).toEqual(['team@2']);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { limitedTo, OPERATOR, TemplateFleet } from '../../test/support/template-fleet.js';
import type { CommitRecord } from '../storage/record-store.js';
import { templateAnswer } from './template-result.js';
import { usesOf } from './template-uses-check.js';
import { TemplateWriter } from './template-writer.js';

let fleet: TemplateFleet;
let commits: CommitRecord[];
let writer: TemplateWriter;

beforeEach(async () => {
  fleet = await TemplateFleet.open();
  writer = new TemplateWriter({ ...fleet.sources, registry: fleet.registry });
  commits = [];
  fleet.store.watch((commit) => commits.push(commit));
});

const RUN = { runtime: { command: 'node', args: ['a.js'] } };
const create = (id: string, more: object = {}, ctx = OPERATOR) =>
  writer.create({ template_id: id, ...more }, ctx);
const etag = (id: string): string => fleet.templates.etag(id);
const replace = (id: string, body: object, ifMatch?: string, ctx = OPERATOR) =>
  writer.replace(id, body, ctx, { ifMatch: ifMatch ?? etag(id) });

describe('TemplateWriter.create', () => {
  it('stores revision 1 in one commit that says who, why and what, without secrets', async () => {
    const config = { runtime: { env: { TOKEN: 'a ${env:SWITCHYARD_SECRET_A}' } } };
    const result = await create('team', { extends: 'function_service', config });
    expect(result).toMatchObject({
      status: 201,
      outcome: 'created',
      etag: etag('team'),
      template: { reference: 'team@1', extends: 'function_service@1', actor: 'ops' },
    });
    expect(commits).toHaveLength(1);
    expect(commits[0]?.meta).toMatchObject({
      actor: 'ops',
      source: 'api',
      verb: 'template.create',
      subject: 'team',
      request_id: 'r1',
    });
    const diff = JSON.stringify(commits[0]?.meta.diff);
    expect(diff).toContain('${env:SWITCHYARD_SECRET_A}');
    expect(diff).not.toContain('a ${env');
  });

  it('stores nothing in a dry run, which names what it would be refused with', async () => {
    const plan = await writer.create({ template_id: 'team' }, OPERATOR, { dry_run: true });
    expect(plan).toMatchObject({ outcome: 'planned', plan: { would: 'create', conflicts: [] } });
    const taken = await writer.create({ template_id: 'function_service' }, OPERATOR, {
      dry_run: true,
    });
    expect(taken.plan).toMatchObject({
      would: 'refuse',
      conflicts: [{ code: 'config.template-built-in' }],
    });
    expect(commits).toEqual([]);
  });

  it('lets one of two through that take the same id at once', async () => {
    const both = await Promise.allSettled([create('team'), create('team')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(create('team')).rejects.toMatchObject({ code: 'config.template-taken' });
  });

  it.each<[string, object, readonly string[], readonly string[] | null]>([
    ['without the scope write', {}, ['read'], null],
    ['for some services only', {}, ['write', 'exec'], ['a-*']],
    ['that sets what is run, without exec', { config: RUN }, ['write'], null],
    ['that sets it in an overlay', { overlays: { dev: RUN } }, ['write'], null],
    ['that stands on one that sets it', { extends: 'runner' }, ['write'], null],
  ])('refuses a caller %s', async (_what, body, scopes, services) => {
    await create('runner', { config: RUN });
    await expect(create('team', body, { ...limitedTo(...scopes), services })).rejects.toMatchObject(
      { code: 'auth.scope-missing', status: 403 },
    );
    await expect(create('free', body, limitedTo('admin', 'write'))).resolves.toMatchObject({
      status: 201,
    });
  });
});

describe('TemplateWriter.replace', () => {
  it('makes a revision, pins anew what is named without one, and tells who is affected', async () => {
    await create('base');
    await create('team', { extends: 'base', config: RUN });
    await fleet.add('a', 'team@1');
    await replace('base', { title: 'Base' });
    const result = await replace('team', { extends: 'base', config: RUN });
    expect(result).toMatchObject({
      outcome: 'updated',
      template: { revision: 2, extends: 'base@2' },
      affected: [{ name: 'a', pinned: 'team@1', via: null }],
    });
    expect(commits.at(-1)?.meta).toMatchObject({
      verb: 'template.update',
      diff: [
        { op: 'replace', path: '/extends', from: 'base@1', value: 'base@2' },
        { op: 'replace', path: '/revision', from: 1, value: 2 },
      ],
    });
    expect(fleet.services.get('id-a')?.spec.extends).toBe('team@1');
  });

  it('commits nothing for the same content, also when it is sent back as it was read', async () => {
    await create('team', { config: RUN });
    const before = etag('team');
    const same = await replace('team', fleet.templates.get('team'));
    expect(same).toMatchObject({ outcome: 'unchanged', etag: before });
    expect(commits).toHaveLength(1);
  });

  it.each<[string, string | undefined, string, number]>([
    ['no ETag', undefined, 'config.template-if-match-missing', 428],
    ['another ETag', '"9.9"', 'config.template-etag-stale', 412],
    ['a weak ETag', 'W/"1.1"', 'config.template-etag-stale', 412],
  ])('refuses %s', async (_what, ifMatch, code, status) => {
    await create('team');
    const wanted = writer.replace('team', { title: 'x' }, OPERATOR, { ifMatch });
    await expect(wanted).rejects.toMatchObject({ code, status });
    await expect(replace('team', { title: 'x' }, `"9.9", ${etag('team')}`)).resolves.toBeDefined();
  });

  it('refuses another id in the body, together with all else that is wrong', async () => {
    await create('team');
    await expect(replace('team', { template_id: 'other', x: 1 })).rejects.toMatchObject({
      code: 'config.invalid',
      details: { errors: [{ pointer: '/x' }, { pointer: '/template_id' }] },
    });
  });

  it.each([
    ['nobody', 'config.template-not-found'],
    ['team@1', 'config.template-not-found'],
    ['function_service', 'config.template-built-in'],
  ])('refuses to change "%s"', async (id, code) => {
    await create('team');
    await expect(replace(id, {}, '*')).rejects.toMatchObject({ code });
  });

  it('asks for exec when what is run changes, not when it stays', async () => {
    await create('team', { config: RUN });
    const caller = limitedTo('write');
    await expect(replace('team', { title: 'x', config: RUN }, '*', caller)).resolves.toBeDefined();
    await expect(replace('team', { config: { runtime: {} } }, '*', caller)).resolves.toBeDefined();
    await expect(replace('team', { config: RUN }, '*', caller)).rejects.toMatchObject({
      code: 'auth.scope-missing',
    });
  });

  it('refuses what a writer from outside was faster with', async () => {
    await create('team');
    const seen = etag('team');
    const { changesFor } = fleet.templates;
    fleet.templates.changesFor = async (document, expect) => {
      const changes = await changesFor.call(fleet.templates, document, expect);
      const theirs = { ...fleet.templates.get('team'), title: 'theirs' };
      const change = { kind: 'template' as const, id: 'team', op: 'put' as const, doc: theirs };
      await fleet.store.commit([change], { actor: 'b', source: 'cli', verb: 'restore' });
      return changes;
    };
    await expect(replace('team', { title: 'mine' }, seen)).rejects.toMatchObject({
      code: 'config.template-etag-stale',
    });
  });
});

describe('TemplateWriter.remove', () => {
  const remove = (id: string, dry_run = false) =>
    writer.remove(id, OPERATOR, { ifMatch: etag(id), dry_run });

  it('refuses while a service, a template or a rollout uses any revision, and names them', async () => {
    await create('team', { config: RUN });
    await create('child', { extends: 'team' });
    await fleet.add('direct', 'team@1');
    await fleet.add('through', 'child@1');
    await replace('team', { title: 'x', config: RUN });
    const doc = { state: 'running', template_id: 'team', rollout_id: 'r1' };
    await fleet.store.commit([{ kind: 'template_rollout', id: 'r1', op: 'put', doc }], {
      actor: 'a',
      source: 'api',
      verb: 'v',
    });
    await expect(remove('team')).rejects.toMatchObject({
      code: 'config.template-in-use',
      status: 409,
      details: {
        extra: {
          services: [
            { name: 'direct', extends: 'team@1' },
            { name: 'through', extends: 'child@1' },
          ],
          templates: ['child@1'],
          rollouts: ['r1'],
        },
      },
    });
    expect((await remove('team', true)).plan).toMatchObject({ would: 'refuse' });
  });

  it('sees a revision of a service that is still to be proven', async () => {
    await create('team', { config: RUN });
    await fleet.add('a', 'executable_service', RUN);
    expect(usesOf({ ...fleet, registry: fleet.registry }, 'team')).toBeNull();
    const candidate = { revision: 2, reason: null, spec: { extends: 'team@1' } };
    fleet.candidates.set('id-a', candidate);
    await expect(remove('team')).rejects.toMatchObject({ code: 'config.template-in-use' });
  });

  it('removes what nothing uses, in one commit', async () => {
    await create('team');
    expect(await remove('team')).toMatchObject({ status: 204, outcome: 'deleted' });
    expect(commits.at(-1)?.meta.verb).toBe('template.delete');
    expect(() => fleet.templates.get('team')).toThrow(expect.objectContaining({ status: 404 }));
  });
});

describe('templateAnswer', () => {
  it('says where a new template is, and where to roll a changed one out', async () => {
    const made = templateAnswer(await create('team'));
    expect([made.status, made.headers]).toEqual([
      201,
      { ETag: etag('team'), Location: '/api/v1/templates/team' },
    ]);
    const changed = templateAnswer(await replace('team', { title: 'x' }));
    expect(changed.body).toMatchObject({
      outcome: 'updated',
      links: { rollout: '/api/v1/templates/team/rollout' },
    });
  });
});

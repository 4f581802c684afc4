import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import { NodeFileSystem } from '../storage/node.file-system.js';
import {
  BUILT_IN_TEMPLATES,
  shippedTemplatesDirectory,
  templateFault,
  TemplateRepository,
} from './template.repository.js';

const CUSTOM: JsonObject = {
  schema_version: '1.0',
  template_id: 'team',
  revision: 1,
  title: 'Team',
  description: '',
  extends: 'function_service@1',
  config: { runtime: { warm: 1 } },
  overlays: {},
};

async function repositoryWith(
  records: Record<string, JsonObject>,
  older: Record<string, JsonObject> = {},
): Promise<TemplateRepository> {
  const store = new MemoryStore(new ManualClock());
  await store.open();
  const changes = [
    ...Object.entries(records).map(([id, doc]) => ({ kind: 'template' as const, id, doc })),
    ...Object.entries(older).map(([id, doc]) => ({ kind: 'template_revision' as const, id, doc })),
  ].map((record) => ({ ...record, op: 'put' as const }));
  if (changes.length > 0) await store.commit(changes, { actor: 'a', source: 'api', verb: 'v' });
  return TemplateRepository.open(
    new NodeFileSystem(),
    shippedTemplatesDirectory(),
    store,
    new SilentLogger(),
  );
}

describe('TemplateRepository', () => {
  it('has the built-in templates, each in revision 1 and valid', async () => {
    const repository = await repositoryWith({});
    expect(repository.newest().map((one) => [one.template_id, one.revision])).toEqual(
      BUILT_IN_TEMPLATES.map((id) => [id, 1]),
    );
    expect(repository.isBuiltIn('function_service')).toBe(true);
    expect(repository.find({ template_id: 'function_service', revision: null })?.config).toEqual({
      runtime: { isolation: 'shared' },
    });
  });

  it('finds the newest revision of a template, or the one asked for', async () => {
    const second = { ...CUSTOM, revision: 2 };
    const repository = await repositoryWith({ team: second }, { 'team/1': CUSTOM });
    expect(repository.find({ template_id: 'team', revision: null })?.revision).toBe(2);
    expect(repository.find({ template_id: 'team', revision: 2 })?.revision).toBe(2);
    expect(repository.find({ template_id: 'team', revision: 1 })?.revision).toBe(1);
    expect(repository.find({ template_id: 'team', revision: 3 })).toBeUndefined();
    expect(repository.older().map((one) => one.revision)).toEqual([1]);
  });

  it('finds a revision that is kept of a removed template by its number only', async () => {
    const repository = await repositoryWith({}, { 'team/1': CUSTOM });
    expect(repository.find({ template_id: 'team', revision: 1 })?.title).toBe('Team');
    expect(repository.find({ template_id: 'team', revision: null })).toBeUndefined();
    expect(repository.isPresent('team')).toBe(false);
  });

  it.each<[string, Record<string, JsonObject>]>([
    ['damaged', { bad: { ...CUSTOM, template_id: 'bad', config: { runtime: { warm: -1 } } } }],
    ['under another id', { other: CUSTOM }],
    [
      'under the name of a built-in',
      { function_service: { ...CUSTOM, template_id: 'function_service', revision: 9 } },
    ],
  ])('leaves out a record that is %s', async (_what, records) => {
    const repository = await repositoryWith(records);
    expect(repository.newest()).toHaveLength(BUILT_IN_TEMPLATES.length);
    for (const id of Object.keys(records)) expect(repository.current(id)).toBeUndefined();
    expect(repository.find({ template_id: 'function_service', revision: null })?.revision).toBe(1);
  });

  it('does not start without the built-in templates', async () => {
    const store = new MemoryStore(new ManualClock());
    await store.open();
    const opening = TemplateRepository.open(
      new NodeFileSystem(),
      '/none',
      store,
      new SilentLogger(),
    );
    await expect(opening).rejects.toThrow('ENOENT');
  });
});

describe('templateFault', () => {
  it.each<[string, unknown, RegExp]>([
    ['no object', 1, /object/],
    ['no id', { ...CUSTOM, template_id: 'A B' }, /id/],
    ['an id with a revision', { ...CUSTOM, template_id: 'a@1' }, /id/],
    ['no revision', { ...CUSTOM, revision: 0 }, /revision/],
    ['no title', { ...CUSTOM, title: null }, /title/],
    ['a bad extends', { ...CUSTOM, extends: '..' }, /extends/],
    ['no configuration', { ...CUSTOM, config: null }, /configuration/],
    ['a bad configuration', { ...CUSTOM, config: { x: 1 } }, /\/config\/x/],
    ['a bad overlay', { ...CUSTOM, overlays: { dev: { x: 1 } } }, /\/config\/overlays\/dev\/x/],
  ])('finds %s', (_what, doc, fault) => {
    expect(templateFault(doc)).toMatch(fault);
  });
});

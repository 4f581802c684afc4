import { describe, expect, it } from '@jest/globals';
import { fileOf, idOfFile, isStorableId, RECORD_KINDS, isNested } from './record-layout.js';
import type { RecordKind } from './record-store.js';

const ID = '3f0c2f6e-4d6a-4b6e-9a51-0d7a1c2b3e4f';

describe('the layout of records', () => {
  it.each<[RecordKind, string, string | null]>([
    ['service', ID, `active/${ID}.json`],
    ['service_status', ID, `status/${ID}.json`],
    ['template', 'my_template', 'templates/custom_templates/my_template.json'],
    ['archive', ID, `archive/deleted_services/${ID}.json`],
    ['revision', `${ID}/12`, `history/${ID}/12.json`],
    ['route', 'r-1', 'routes/r-1.json'],
    ['alert', 'a-1', 'alerts/a-1.json'],
    ['alert_delivery', 'd-1', 'alert_deliveries/d-1.json'],
    ['template_revision', 'team/4', 'templates/history/team/4.json'],
    ['template_rollout', ID, `rollouts/templates/${ID}.json`],
    ['approval', ID, `approvals/${ID}.json`],
    ['health_transition', ID, `health/${ID}.json`],
    ['idempotency', 'POST /x: anything', null],
  ])('puts %s %s at %s', (kind, id, file) => {
    expect(fileOf(kind, id)).toBe(file);
  });

  it('finds the id of a file again, for every kind that has files', () => {
    for (const kind of RECORD_KINDS) {
      const id = isNested(kind) ? `${ID}/3` : ID;
      const file = fileOf(kind, id);
      if (file === null) continue;
      const parts = file.split('/');
      const owner = isNested(kind) ? parts.at(-2) : undefined;
      expect(idOfFile(kind, parts.at(-1) ?? '', owner)).toBe(id);
    }
  });

  it.each<[RecordKind, string, string | undefined]>([
    ['service', 'index.json', undefined],
    ['service', 'a.json.tmp', undefined],
    ['service', 'README.md', undefined],
    ['service', '.json', undefined],
    ['revision', 'x.json', ID],
    ['revision', '1.json', '..'],
    ['revision', '01.json', ID],
  ])('takes a %s named %s in %s for no record', (kind, name, owner) => {
    expect(idOfFile(kind, name, owner)).toBeNull();
  });

  it.each(['.', '..', 'a/b', 'a\\b', '-a', '_a', 'a.b', 'A', 'ä', 'a\n', 'a'.repeat(129)])(
    'refuses %j as a name',
    (id) => {
      expect(isStorableId('route', id)).toBe(false);
      expect(() => fileOf('route', id)).toThrow(
        expect.objectContaining({ code: 'storage.unsafe-id' }),
      );
    },
  );
});

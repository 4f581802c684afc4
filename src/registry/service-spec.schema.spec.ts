import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { SERVICE_SPEC_SCHEMA } from './service-spec.schema.js';

describe('SERVICE_SPEC_SCHEMA', () => {
  it('names every field of a write, the configuration included', () => {
    const properties = SERVICE_SPEC_SCHEMA['properties'] as JsonObject;
    expect(Object.keys(properties).sort()).toEqual([
      'config',
      'description',
      'draft',
      'extends',
      'hosting_mode',
      'name',
      'owner',
      'script_id',
      'service_id',
      'tags',
      'title',
      'type',
      'version',
    ]);
    expect(SERVICE_SPEC_SCHEMA['required']).toEqual(['name']);
    expect(properties['config']).toMatchObject({ properties: { runtime: { type: 'object' } } });
    expect(JSON.stringify(SERVICE_SPEC_SCHEMA)).not.toContain('"type":[');
  });
});

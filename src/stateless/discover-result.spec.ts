import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { META } from '../protocol/modern-meta.js';
import type { ServerFacts } from '../upstream/upstream.js';
import { discoverResult } from './discover-result.js';
import { SUPPORTED_VERSIONS } from './stateless-request.js';

const FACTS: ServerFacts = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true }, tasks: {}, logging: {} },
  serverInfo: { name: 's', version: '1' },
  instructions: 'do',
  resultJson: Buffer.from('{}'),
};
const read = (facts: ServerFacts, native: boolean): JsonObject =>
  JSON.parse(discoverResult(facts, native).toString('utf8')) as JsonObject;

describe('server/discover', () => {
  it('says of a server with sessions what its initialize said', () => {
    expect(read({ ...FACTS }, false)).toEqual({
      resultType: 'complete',
      supportedVersions: [...SUPPORTED_VERSIONS],
      capabilities: { tools: { listChanged: true }, logging: {} },
      instructions: 'do',
      ttlMs: 60_000,
      cacheScope: 'private',
      _meta: { [META.serverInfo]: { name: 's', version: '1' } },
    });
  });

  it('leaves out what a server does not say', () => {
    const facts = { ...FACTS, instructions: null, serverInfo: {} };
    expect(Object.keys(read(facts, false))).not.toContain('instructions');
    expect(Object.keys(read(facts, false))).not.toContain('_meta');
  });

  it("passes a stateless server's own answer on, but for the versions", () => {
    const own = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, extensions: { x: {} } },
      ttlMs: 5,
      cacheScope: 'public',
      'x-kept': 1,
    };
    const facts = { ...FACTS, resultJson: Buffer.from(JSON.stringify(own)) };
    expect(read(facts, true)).toMatchObject({
      ...own,
      supportedVersions: [...SUPPORTED_VERSIONS],
    });
  });
});

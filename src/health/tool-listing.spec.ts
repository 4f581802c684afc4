import { describe, expect, it } from '@jest/globals';
import { FakeConversation, safeTool } from '../../test/support/fake-probe-conversation.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import { listingFault, listTools } from './tool-listing.js';

describe('listingFault', () => {
  it.each<[string, unknown[], string | null]>([
    ['an empty list', [], null],
    ['tools with names and schemas', [safeTool('a'), safeTool('b')], null],
    ['a tool without a name', [{ inputSchema: {} }], 'health.tool-invalid'],
    ['a tool with an empty name', [safeTool('')], 'health.tool-invalid'],
    ['a tool without a schema', [{ name: 'a' }], 'health.tool-invalid'],
    ['something else than a tool', ['a'], 'health.tool-invalid'],
    ['two tools of one name', [safeTool('a'), safeTool('a')], 'health.duplicate-tools'],
  ])('judges %s', (_name, listed, code) => {
    expect(listingFault(listed)?.code ?? null).toBe(code);
  });
});

describe('listTools', () => {
  it.each<[UpstreamErrorCode, string]>([
    ['call-timeout', 'health.list-failed'],
    ['rpc-error', 'health.list-failed'],
    ['not-mcp', 'health.list-failed'],
    ['exited', 'upstream.exited'],
    ['unauthorized', 'upstream.unauthorized'],
  ])('maps %s to %s', async (code, expected) => {
    const conversation = new FakeConversation([], new ManualClock());
    conversation.listing = () => {
      throw new UpstreamError(code, 'no');
    };
    const listing = await listTools(conversation, 1_000);
    expect(listing).toMatchObject({
      ok: false,
      failure: { code: expected, stage: expect.anything() as unknown },
    });
  });

  it.each<[UpstreamErrorCode, boolean]>([
    ['call-timeout', false],
    ['rpc-error', false],
    ['not-mcp', true],
    ['not-json', true],
  ])('tells a list that is none from one that was not answered (%s)', async (code, unusable) => {
    const conversation = new FakeConversation([], new ManualClock());
    conversation.listing = () => {
      throw new UpstreamError(code, 'no');
    };
    expect(await listTools(conversation, 1_000)).toMatchObject({ ok: false, unusable });
    conversation.listing = () => [safeTool('a'), safeTool('a')];
    expect(await listTools(conversation, 1_000)).toMatchObject({ ok: false, unusable: true });
  });

  it('passes on what is not the fault of the service', async () => {
    const conversation = new FakeConversation([], new ManualClock());
    conversation.listing = () => {
      throw new UpstreamError('stopped', 'no');
    };
    await expect(listTools(conversation, 1_000)).rejects.toMatchObject({ code: 'stopped' });
  });
});

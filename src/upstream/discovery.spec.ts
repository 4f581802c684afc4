import { describe, expect, it } from '@jest/globals';
import { FakeStatelessPort } from '../../test/support/fake-stateless-port.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import { META } from '../protocol/modern-meta.js';
import { discover, legacyFacts, statelessFacts } from './discovery.js';
import { UpstreamError } from './upstream.errors.js';
import { GATEWAY_CLIENT } from './upstream.js';

const limits = { timeoutMs: 100, scrub: (text: string) => text.replaceAll('s3cret', '[secret]') };

async function outcomeOf(members: object): Promise<JsonObject | UpstreamError> {
  const port = new FakeStatelessPort(new ManualClock());
  const found = discover(port, GATEWAY_CLIENT, limits);
  port.last.reply(members);
  return found.catch((error: unknown) => error as UpstreamError);
}

const unsupported = (supported: unknown): object => ({
  error: { code: -32022, message: 'no s3cret', data: { supported } },
});

describe('discover', () => {
  it('asks with the meta members and answers the result', async () => {
    const port = new FakeStatelessPort(new ManualClock());
    const found = discover(port, GATEWAY_CLIENT, limits);
    expect(port.last.request.method).toBe('server/discover');
    expect(port.last.params._meta).toMatchObject({ [META.protocolVersion]: '2026-07-28' });
    const result = { supportedVersions: ['2099-01-01', '2026-07-28'], extra: 1 };
    port.last.reply({ result });
    expect(await found).toEqual(result);
  });

  it.each([
    [
      'an error',
      { error: { code: -32601, message: 'what? s3cret' } },
      'handshake-refused',
      'what? [secret] (-32601)',
    ],
    ['no versions', { result: {} }, 'not-mcp', 'supportedVersions'],
    [
      'other versions',
      { result: { supportedVersions: ['2099-01-01s3cret'] } },
      'protocol-version',
      '2099-01-01[secret]',
    ],
    ['a refusal of the version', unsupported(['2099-01-01']), 'protocol-version', '2099-01-01'],
    ['a refusal that names none', unsupported(5), 'protocol-version', 'other protocol versions'],
  ])('rejects %s', async (_case, members, code, text) => {
    const error = await outcomeOf(members);
    expect(error).toMatchObject({ code });
    expect((error as UpstreamError).message).toContain(text);
  });

  it('says that it was the handshake that took too long', async () => {
    const port = new FakeStatelessPort(new ManualClock());
    const found = discover(port, GATEWAY_CLIENT, limits);
    port.last.sink.onFail(new UpstreamError('call-timeout', 'late'));
    await expect(found).rejects.toMatchObject({ code: 'handshake-timeout' });
  });

  it('is given up when its caller does', async () => {
    const port = new FakeStatelessPort(new ManualClock());
    const controller = new AbortController();
    const found = discover(port, GATEWAY_CLIENT, { ...limits, signal: controller.signal });
    controller.abort();
    await expect(found).rejects.toMatchObject({ code: 'aborted' });
    expect(port.last.abandoned).not.toBeNull();
    const late = discover(port, GATEWAY_CLIENT, { ...limits, signal: controller.signal });
    await expect(late).rejects.toMatchObject({ code: 'aborted' });
    expect(port.sent).toHaveLength(1);
  });
});

const DISCOVERY: JsonObject = {
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true }, extensions: {} },
  instructions: 'do',
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  custom: [1],
  _meta: { [META.serverInfo]: { name: 's', version: '1' } },
};

describe('legacyFacts', () => {
  it.each([
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2019-01-01', '2025-11-25'],
  ])('for a client that asked for %s is of %s', (asked, given) => {
    const facts = legacyFacts(DISCOVERY, { ...GATEWAY_CLIENT, protocolVersion: asked });
    expect(facts.protocolVersion).toBe(given);
    expect(JSON.parse(facts.resultJson.toString())).toEqual({
      protocolVersion: given,
      capabilities: DISCOVERY.capabilities,
      serverInfo: { name: 's', version: '1' },
      instructions: 'do',
      custom: [1],
      _meta: DISCOVERY._meta,
    });
  });

  it('names a server that does not', () => {
    const { serverInfo, capabilities, instructions } = legacyFacts({}, GATEWAY_CLIENT);
    expect(serverInfo).toEqual({ name: 'unknown', version: 'unknown' });
    expect([capabilities, instructions]).toEqual([{}, null]);
  });
});

describe('statelessFacts', () => {
  it('keeps the answer as it was', () => {
    const facts = statelessFacts(DISCOVERY);
    expect(JSON.parse(facts.resultJson.toString())).toEqual(DISCOVERY);
    expect(facts).toMatchObject({ protocolVersion: '2026-07-28', serverInfo: { name: 's' } });
  });
});

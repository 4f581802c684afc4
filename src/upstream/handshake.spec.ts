import { describe, expect, it } from '@jest/globals';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import {
  initializeParams,
  initializeRequest,
  readServerFacts,
  ZERO_ID_SPANS,
} from './handshake.js';
import { scrubberOf } from './scrub.js';
import { GATEWAY_CLIENT } from './upstream.js';

const scrub = scrubberOf(['s3cret']);
const answer = (result: unknown): unknown => ({ jsonrpc: '2.0', id: 0, result });

describe('initializeRequest', () => {
  it('carries the client as it is, and says where its id is', () => {
    const client = { ...GATEWAY_CLIENT, extra: { _meta: { a: 1 }, protocolVersion: 'no' } };
    expect(initializeParams(client)).toEqual({ ...GATEWAY_CLIENT, _meta: { a: 1 } });
    expect(scanEnvelope(initializeRequest(client))).toMatchObject({
      kind: 'request',
      method: 'initialize',
      idStart: ZERO_ID_SPANS.idStart,
      idEnd: ZERO_ID_SPANS.idEnd,
    });
  });
});

describe('readServerFacts', () => {
  it('reads what is there, and keeps the rest', () => {
    const facts = readServerFacts(
      answer({ protocolVersion: '2024-11-05', x: 1 }),
      GATEWAY_CLIENT,
      scrub,
    );
    expect(facts).toMatchObject({
      protocolVersion: '2024-11-05',
      capabilities: {},
      serverInfo: {},
      instructions: null,
    });
    expect(facts.resultJson.toString()).toBe('{"protocolVersion":"2024-11-05","x":1}');
  });

  it('takes an unknown version that the client asked for', () => {
    const client = { ...GATEWAY_CLIENT, protocolVersion: '2099-01-01' };
    const facts = readServerFacts(answer({ protocolVersion: '2099-01-01' }), client, scrub);
    expect(facts.protocolVersion).toBe('2099-01-01');
  });

  it.each<[unknown, string]>([
    [answer({ protocolVersion: '1.0 s3cret' }), 'protocol-version'],
    [answer({}), 'not-mcp'],
    [answer('x'), 'not-mcp'],
    [{ id: 0 }, 'not-mcp'],
    ['x', 'not-mcp'],
    [{ id: 0, error: { code: -32602, message: 'bad s3cret', data: 1 } }, 'handshake-refused'],
  ])('refuses %j as %s', (message, code) => {
    const read = (): unknown => readServerFacts(message, GATEWAY_CLIENT, scrub);
    expect(read).toThrow(expect.objectContaining({ code }));
    expect(read).not.toThrow('s3cret');
  });

  it.each([
    ['1999-01-01', 'speaks protocol version 1999-01-01; known are 2026-07-28, 2025-11-25,'],
    ['2026-07-28', 'answered initialize with protocol version 2026-07-28, which has no initialize'],
  ])('says what is wrong with the version %s', (protocolVersion, text) => {
    const read = (): unknown => readServerFacts(answer({ protocolVersion }), GATEWAY_CLIENT, scrub);
    expect(read).toThrow(text);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kernel/json.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { META } from '../protocol/modern-meta.js';
import { RpcError } from '../protocol/rpc-error.js';
import { readStatelessRequest, type StatelessRequest } from './stateless-request.js';

const V = '2026-07-28';
const INFO = { name: 'c', version: '1' };
const FULL: JsonObject = {
  [META.protocolVersion]: V,
  [META.clientInfo]: INFO,
  [META.clientCapabilities]: { roots: {} },
};

function read(
  method: string,
  params: JsonValue,
  headers: Record<string, string | undefined> = {},
): StatelessRequest | RpcError {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const envelope = scanEnvelope(body);
  if (envelope === null) throw new Error('no envelope');
  const usual = { 'mcp-protocol-version': V, 'mcp-method': method };
  return readStatelessRequest(body, envelope, { ...usual, ...headers });
}

function fault(answer: StatelessRequest | RpcError): unknown[] {
  if (!(answer instanceof RpcError)) throw new Error('it was accepted');
  return [answer.code, answer.httpStatus];
}

describe('a request of the stateless protocol', () => {
  it('says who asks', () => {
    const meta = { ...FULL, [META.logLevel]: 'notice' };
    expect(read('tools/list', { _meta: meta })).toMatchObject({
      asker: { clientInfo: INFO, capabilities: { roots: {} }, logLevel: 2 },
    });
  });

  it('need not name its client nor want a log', () => {
    const meta = { ...FULL };
    delete meta[META.clientInfo];
    expect(read('tools/list', { _meta: meta })).toMatchObject({
      asker: { clientInfo: null, logLevel: -1 },
    });
  });

  it.each<[string, JsonObject, Record<string, string>]>([
    ['tools/call', { name: 'a' }, { 'mcp-name': 'a' }],
    ['prompts/get', { name: '世' }, { 'mcp-name': '=?base64?5LiW?=' }],
    ['resources/read', { uri: 'file:///a' }, { 'mcp-name': 'file:///a' }],
    ['tasks/get', { taskId: 't-1' }, { 'mcp-name': 't-1' }],
    ['tasks/update', { taskId: 't-1', name: 'other' }, { 'mcp-name': 't-1' }],
    ['tasks/cancel', { taskId: ' t' }, { 'mcp-name': '=?base64?IHQ=?=' }],
    ['tools/list', {}, { 'mcp-name': 'whatever' }],
  ])('%s is accepted with its name mirrored', (method, params, headers) => {
    expect(read(method, { ...params, _meta: FULL }, headers)).not.toBeInstanceOf(RpcError);
  });

  it.each<[string, string, JsonObject, Record<string, string | undefined>]>([
    ['no version header', 'tools/list', {}, { 'mcp-protocol-version': undefined }],
    ['another version header', 'tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }],
    ['no method header', 'tools/list', {}, { 'mcp-method': undefined }],
    ['a method header in capitals', 'tools/list', {}, { 'mcp-method': 'TOOLS/LIST' }],
    ['no name header', 'tools/call', { name: 'a' }, {}],
    ['another name header', 'tools/call', { name: 'a' }, { 'mcp-name': 'b' }],
    ['a bad name header', 'tools/call', { name: 'a' }, { 'mcp-name': '=?base64?a?=' }],
    ['a name header without a name', 'tools/call', {}, { 'mcp-name': 'a' }],
    ['no name header for a task', 'tasks/get', { taskId: 't-1' }, {}],
    ['another task in the header', 'tasks/update', { taskId: 't-1' }, { 'mcp-name': 't-2' }],
    ['the name in place of the task', 'tasks/cancel', { name: 't-1' }, { 'mcp-name': 't-1' }],
    ['a task that is no string', 'tasks/get', { taskId: 1 }, { 'mcp-name': '1' }],
    ['a name that is no string', 'resources/read', { uri: 1 }, { 'mcp-name': '1' }],
  ])('is a header mismatch with %s', (_what, method, params, headers) => {
    expect(fault(read(method, { ...params, _meta: FULL }, headers))).toEqual([-32020, 400]);
  });

  it.each<[string, JsonValue]>([
    ['no params', {}],
    ['a _meta that is no object', { _meta: 1 }],
    ['no version', { _meta: { [META.clientCapabilities]: {} } }],
    ['no capabilities', { _meta: { [META.protocolVersion]: V } }],
    ['capabilities that are no object', { _meta: { ...FULL, [META.clientCapabilities]: [] } }],
    ['a client that is no object', { _meta: { ...FULL, [META.clientInfo]: 'c' } }],
    ['an unknown log level', { _meta: { ...FULL, [META.logLevel]: 'loud' } }],
  ])('is invalid with %s', (_what, params) => {
    expect(fault(read('tools/list', params))).toEqual([-32602, 400]);
  });

  it('names the versions that are spoken, for one that is not', () => {
    const meta = { ...FULL, [META.protocolVersion]: '2099-01-01' };
    const answer = read('tools/list', { _meta: meta }, { 'mcp-protocol-version': '2099-01-01' });
    expect(fault(answer)).toEqual([-32022, 400]);
    expect(answer).toMatchObject({
      data: {
        supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
        requested: '2099-01-01',
      },
    });
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
  ])('%s is no method of it', (method) => {
    expect(fault(read(method, { _meta: FULL }))).toEqual([-32601, 404]);
  });
});

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import type { Endpoint } from './endpoint.js';
import { Inbound, readBody, type BodyFault } from './inbound.js';

function requestOf(headers: IncomingHttpHeaders, chunks: string[] = []): IncomingMessage {
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  return Object.assign(stream, { headers }) as unknown as IncomingMessage;
}

const read = (
  headers: IncomingHttpHeaders,
  chunks: string[],
  max = 10,
): Promise<Buffer | BodyFault> =>
  new Promise((resolve) => {
    readBody(requestOf(headers, chunks), max, resolve);
  });

describe('a body', () => {
  it.each<[string, IncomingHttpHeaders, string[], string]>([
    ['of stated length in one piece', { 'content-length': '4' }, ['abcd'], 'abcd'],
    ['of stated length in pieces', { 'content-length': '4' }, ['a', 'bc', 'd'], 'abcd'],
    ['without stated length', {}, ['a', 'bcd'], 'abcd'],
    ['that is empty', { 'content-length': '0' }, [], ''],
    ['exactly at the limit', { 'content-length': '10' }, ['0123456789'], '0123456789'],
    [
      'with the identity encoding',
      { 'content-length': '1', 'content-encoding': 'identity' },
      ['a'],
      'a',
    ],
  ])('%s is read whole', async (_case, headers, chunks, expected) => {
    expect((await read(headers, chunks)).toString()).toBe(expected);
  });

  it.each<[string, IncomingHttpHeaders, string[], BodyFault]>([
    ['a stated length past the limit', { 'content-length': '11' }, [], 'too-large'],
    ['an unstated length past the limit', {}, ['01234', '567890'], 'too-large'],
    ['an encoding', { 'content-encoding': 'gzip' }, ['x'], 'encoded'],
  ])('%s is refused', async (_case, headers, chunks, fault) => {
    expect(await read(headers, chunks)).toBe(fault);
  });
});

describe('what a client accepts', () => {
  it.each<[string | undefined, boolean, boolean]>([
    [undefined, true, true],
    ['*/*', true, true],
    ['application/json, text/event-stream', true, true],
    ['text/event-stream, application/json;q=0.5', true, true],
    ['application/json', true, false],
    ['text/*', false, true],
    ['Text/Event-Stream', false, true],
    ['text/html', false, false],
  ])('%s', (accept, json, stream) => {
    const inbound = inboundOf({ accept });
    expect([inbound.acceptsJson, inbound.acceptsStream]).toEqual([json, stream]);
  });
});

describe('the protocol version header', () => {
  it.each<[string | undefined, number | null]>([
    [undefined, null],
    ['2025-06-18', null],
    ['agreed-by-both', null],
    ['2026-07-28', 400],
    ['nonsense', 400],
  ])('%s', (version, status) => {
    const fault = inboundOf({ 'mcp-protocol-version': version }).versionFault('agreed-by-both');
    expect(fault?.httpStatus ?? null).toBe(status);
  });
});

function inboundOf(headers: IncomingHttpHeaders): Inbound {
  const response = {} as ServerResponse;
  const principal = {} as Principal;
  const admission = { endpoint: {} as Endpoint, principal, hops: 0 };
  return new Inbound(requestOf(headers), response, 'r', '/mcp/x', admission);
}

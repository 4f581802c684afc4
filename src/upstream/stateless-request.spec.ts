import { describe, expect, it } from '@jest/globals';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { META } from '../protocol/modern-meta.js';
import { RequestMeta } from './request-meta.js';
import { ownRequest, statelessRequest } from './stateless-request.js';

function made(text: string, inputs = ''): ReturnType<typeof statelessRequest> {
  const body = Buffer.from(text);
  const envelope = scanEnvelope(body);
  if (envelope === null) throw new Error('odd');
  return statelessRequest(body, envelope, '"m":"é"', inputs);
}

function parsed({ body }: { body: Buffer }): unknown {
  return JSON.parse(body.toString());
}

describe('statelessRequest', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"x"}', { _meta: { m: 'é' } }],
    ['{"jsonrpc":"2.0","id":1,"method":"x" } ', { _meta: { m: 'é' } }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{}}', { _meta: { m: 'é' } }],
    [
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":{"_meta":1}}}',
      { a: { _meta: 1 }, _meta: { m: 'é' } },
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{},"a":1}}',
      { _meta: { m: 'é' }, a: 1 },
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"k":[1]},"a":1}}',
      { _meta: { k: [1], m: 'é' }, a: 1 },
    ],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":null}}', { _meta: { m: 'é' } }],
    [
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"m":"forged"}}}',
      { _meta: { m: 'é' } },
    ],
  ])('adds to _meta: %s', (text, params) => {
    expect(parsed(made(text))).toEqual({ jsonrpc: '2.0', id: 1, method: 'x', params });
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"x"}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"k":1}}}',
  ])('adds what a retry brings: %s', (text) => {
    expect(parsed(made(text, '"requestState":"s"'))).toMatchObject({
      params: { _meta: { m: 'é' }, requestState: 's' },
    });
  });

  it.each([
    '{"jsonrpc":"2.0","id":"ü7","method":"x","params":{"_meta":{"progressToken":"t"}}}',
    '{"params":{"_meta":{"progressToken":"t"},"é":1},"method":"x","id":"ü7","jsonrpc":"2.0"}',
  ])('says where id and progress token are now: %s', (text) => {
    const { body, spans } = made(text, '"requestState":"s"');
    expect(body.toString('utf8', spans.idStart, spans.idEnd)).toBe('"ü7"');
    expect(body.toString('utf8', spans.tokenStart, spans.tokenEnd)).toBe('"t"');
  });

  it('leaves the token out when there is none', () => {
    const { spans } = made('{"jsonrpc":"2.0","id":1,"method":"x"}');
    expect([spans.tokenStart, spans.tokenEnd]).toEqual([0, 0]);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gr\\u00fc\\n"}}', 'grü\n'],
    ['{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}', 'p'],
    ['{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b"}}', 'a:b'],
    ['{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":5}}', null],
    ['{"jsonrpc":"2.0","id":1,"method":"resources/read"}', null],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"name":"n"}}', null],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call"}', null],
  ])('names what %s is about', (text, name) => {
    expect(made(text).name).toBe(name);
  });
});

describe('RequestMeta', () => {
  const client = { clientInfo: { name: 'c', version: '1' }, capabilities: { roots: {} } };

  it('says who asks, and the log level once it is set', () => {
    const meta = new RequestMeta(client);
    const facts = {
      [META.protocolVersion]: '2026-07-28',
      [META.clientInfo]: client.clientInfo,
      [META.clientCapabilities]: client.capabilities,
    };
    expect(JSON.parse(`{${meta.text}}`)).toEqual(facts);
    meta.setLevel('info');
    expect(JSON.parse(`{${meta.text}}`)).toEqual({ ...facts, [META.logLevel]: 'info' });
  });

  it('goes with requests of our own', () => {
    const request = ownRequest('server/discover', { a: 1 }, new RequestMeta(client));
    expect(parsed(request)).toMatchObject({
      id: 0,
      method: 'server/discover',
      params: { a: 1, _meta: { [META.protocolVersion]: '2026-07-28' } },
    });
    const { idStart, idEnd } = request.spans;
    expect(request.body.toString('utf8', idStart, idEnd)).toBe('0');
  });
});

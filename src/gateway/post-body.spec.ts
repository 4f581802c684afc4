import { describe, expect, it } from '@jest/globals';
import { readEnvelope, scanEnvelope } from '../protocol/envelope-scan.js';
import { RpcError } from '../protocol/rpc-error.js';
import { cancelledId, idOf, toolOf } from './post-body.js';

/** What the door sees of a body, by whichever way it is read. */
function seen(text: string): { tool: string | null; id: string | null } {
  const raw = Buffer.from(text);
  const quick = scanEnvelope(raw);
  if (quick !== null) return { tool: toolOf(raw, quick), id: idOf(raw, quick)?.toString() ?? null };
  const read = readEnvelope(raw);
  if (read instanceof RpcError || 'batch' in read) throw new Error('not one message');
  return {
    tool: toolOf(read.body, read.envelope),
    id: idOf(read.body, read.envelope)?.toString() ?? null,
  };
}

const request = (rest: string): string => `{"jsonrpc":"2.0","id":1,${rest}}`;

describe('the tool that the door sees is the one that JSON.parse would find', () => {
  it.each([
    ['a plain name', request('"method":"tools/call","params":{"name":"echo"}')],
    ['an escaped name', request('"method":"tools/call","params":{"name":"e\\u0063ho"}')],
    ['an escaped method', request('"method":"tools\\/call","params":{"name":"echo"}')],
    ['an escaped key', request('"method":"tools/call","params":{"n\\u0061me":"echo"}')],
    ['a second name', request('"method":"tools/call","params":{"name":"ok","name":"echo"}')],
    [
      'a second params',
      request('"method":"tools/call","params":{"name":"ok"},"params":{"name":"echo"}'),
    ],
    ['a second method', request('"method":"ping","method":"tools/call","params":{"name":"echo"}')],
    [
      'a name behind arguments',
      request('"params":{"arguments":{"name":"ok"},"name":"echo"},"method":"tools/call"'),
    ],
    [
      'a pretty body',
      JSON.stringify(
        JSON.parse(request('"method":"tools/call","params":{"name":"echo"}')),
        null,
        2,
      ),
    ],
  ])('%s', (_case, text) => {
    const parsed = JSON.parse(text) as { method: string; params: { name: string } };
    expect([parsed.method, parsed.params.name]).toEqual(['tools/call', 'echo']);
    expect(seen(text)).toEqual({ tool: 'echo', id: '1' });
  });

  it.each([
    ['no name', request('"method":"tools/call","params":{}')],
    ['a name that is no text', request('"method":"tools/call","params":{"name":7}')],
    ['a name of another method', request('"method":"prompts/get","params":{"name":"echo"}')],
  ])('%s is none', (_case, text) => {
    expect(seen(text).tool).toBeNull();
  });
});

describe('the id', () => {
  it('is taken as it was written, out of the body’s memory', () => {
    const body = Buffer.from('{"jsonrpc":"2.0","id":"a\\u00e9\\"","method":"ping"}');
    const envelope = scanEnvelope(body);
    if (envelope === null) throw new Error('not scanned');
    const id = idOf(body, envelope);
    body.fill(0);
    expect(id?.toString()).toBe('"a\\u00e9\\""');
  });

  it.each([
    ['{"params":{"requestId":"c"}}', '"c"'],
    ['{"params":{"requestId":7}}', '7'],
    ['{"params":{}}', null],
    ['{}', null],
  ])('of a cancellation %s is %s', (text, expected) => {
    expect(cancelledId(Buffer.from(text))).toBe(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { RpcError } from '../protocol/rpc-error.js';
import { InputRound } from './input-round.js';

const CAPABLE = { elicitation: {}, sampling: {}, roots: {} };
const elicit = { method: 'elicitation/create', params: { message: 'm' } };
const sample = { method: 'sampling/createMessage', params: {} };

function roundOf(
  inputRequests: unknown,
  requestState?: unknown,
  capabilities: object = CAPABLE,
): InputRound | RpcError {
  let last = 0;
  const ids = { next: () => `ask-${(last += 1)}` };
  return InputRound.of({ inputRequests, requestState } as never, capabilities as never, ids);
}

function good(inputRequests: unknown, requestState?: unknown): InputRound {
  const round = roundOf(inputRequests, requestState);
  if (round instanceof RpcError) throw round;
  return round;
}

function take(round: InputRound, id: string, members: string): RpcError | null {
  const body = Buffer.from(`{"jsonrpc":"2.0","id":"${id}",${members}}`);
  const envelope = scanEnvelope(body);
  if (envelope === null) throw new Error('odd');
  return round.take(id, body, envelope);
}

describe('InputRound', () => {
  it('asks the client what the server asks, and gives the answers as they came', () => {
    const round = good({ 'a "1"': elicit, b: { method: 'roots/list' } }, 'st"até');
    expect(round.messages().map((message) => JSON.parse(message.toString()) as unknown)).toEqual([
      { jsonrpc: '2.0', id: 'ask-1', ...elicit },
      { jsonrpc: '2.0', id: 'ask-2', method: 'roots/list' },
    ]);
    expect(take(round, 'ask-2', '"result":{"roots": [1.0]}')).toBeNull();
    expect(round.complete).toBe(false);
    expect(take(round, 'ask-1', '"result":{"action":"accept"}')).toBeNull();
    expect(round.complete).toBe(true);
    expect(round.inputs()).toBe(
      '"inputResponses":{"b":{"roots": [1.0]},"a \\"1\\"":{"action":"accept"}},"requestState":"st\\"até"',
    );
  });

  it('is complete at once when the server only wants to be asked again', () => {
    const round = good(undefined, 's');
    expect([round.complete, round.inputs()]).toEqual([true, '"requestState":"s"']);
  });

  it('leaves the state out where there was none', () => {
    const round = good({ a: elicit });
    take(round, 'ask-1', '"result":{}');
    expect(round.inputs()).toBe('"inputResponses":{"a":{}}');
  });

  it('adds the id that elicitation by URL had', () => {
    const url = { method: 'elicitation/create', params: { mode: 'url', url: 'https://x' } };
    const [message] = good({ a: url }).messages();
    expect(JSON.parse(String(message))).toMatchObject({
      params: { mode: 'url', elicitationId: 'ask-1' },
    });
  });

  it.each([
    ['nothing', undefined, undefined],
    ['an empty map', {}, undefined],
    ['a state that is no text', undefined, 5],
    ['another request', { a: { method: 'tools/call' } }, undefined],
    ['no request', { a: 5 }, 's'],
  ])('refuses a result that wants %s', (_case, requests, state) => {
    expect(roundOf(requests, state)).toMatchObject({ code: -32603 });
  });

  it.each([
    ['elicitation', elicit],
    ['sampling', sample],
    ['roots', { method: 'roots/list' }],
  ])('refuses what needs %s of a client that has none', (capability, request) => {
    const others = { ...CAPABLE, [capability]: undefined };
    expect(roundOf({ a: request }, undefined, others)).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { [capability]: {} } },
    });
  });

  it('takes an error as a cancelled elicitation, and fails any other request with it', () => {
    const round = good({ a: elicit, b: sample });
    const error = '"error":{"code":-1,"message":"no","data":[1]}';
    expect(take(round, 'ask-1', error)).toBeNull();
    expect(round.inputs()).toBe('"inputResponses":{"a":{"action":"cancel"}}');
    expect(take(round, 'ask-2', error)).toMatchObject({ code: -1, message: 'no', data: [1] });
  });

  it('takes an answer that is no JSON as an error', () => {
    expect(take(good({ b: sample }), 'ask-1', '"result":{"x":"\\q"}')).toMatchObject({
      code: -32603,
    });
  });

  it('hears no answer twice, and none to what it did not ask', () => {
    const round = good({ a: elicit });
    take(round, 'ask-9', '"result":{}');
    take(round, 'ask-1', '"result":{"n":1}');
    take(round, 'ask-1', '"result":{"n":2}');
    expect(round.inputs()).toBe('"inputResponses":{"a":{"n":1}}');
  });

  it('takes back what is open', () => {
    const round = good({ a: elicit, b: sample });
    take(round, 'ask-1', '"result":{}');
    expect(round.withdrawals('late').map(String)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"ask-2","reason":"late"}}',
    ]);
    expect(round.withdrawals('late')).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { PendingAsks } from './pending-asks.js';
import { inputRequired, readAsk, readUrlAsks, type ServerAsk } from './server-ask.js';

function ask(method: string, params?: JsonObject): ServerAsk | null {
  const message = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 'a', method, params }));
  const envelope = scanEnvelope(message);
  return envelope === null ? null : readAsk(message, envelope);
}

describe('what a server asks', () => {
  it('is read without what this protocol has not', () => {
    const params = { mode: 'url', url: 'u:/', elicitationId: 'e', _meta: { a: 1 }, task: {} };
    expect(ask('elicitation/create', params)).toEqual({
      id: Buffer.from('"a"'),
      method: 'elicitation/create',
      params: { mode: 'url', url: 'u:/' },
    });
    expect(ask('roots/list')).toMatchObject({ params: {} });
    expect(ask('ping')).toBeNull();
  });

  it('is handed out by key', () => {
    const asks = new Map([['input-1', { method: 'roots/list' as const, params: {} }]]);
    expect(JSON.parse(inputRequired(asks, 's'))).toEqual({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'roots/list', params: {} } },
      requestState: 's',
    });
  });
});

describe('an error that asks for pages to be visited', () => {
  const elicitations = [{ mode: 'url', elicitationId: 'e', url: 'https://e/', message: 'm' }];
  const error = (code: number, data: unknown): Buffer =>
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message: 'm', data } }));
  const CAN = { elicitation: { url: {} } };

  it('is read as requests', () => {
    expect(readUrlAsks(error(-32042, { elicitations }), CAN)).toEqual([
      {
        id: null,
        method: 'elicitation/create',
        params: { mode: 'url', url: 'https://e/', message: 'm' },
      },
    ]);
  });

  it.each([
    ['another error', error(-32000, { elicitations }), CAN],
    ['one that asks for nothing', error(-32042, { elicitations: [] }), CAN],
    ['one without data', error(-32042, undefined), CAN],
    ['one without addresses', error(-32042, { elicitations: [{}] }), CAN],
    ['a client that cannot', error(-32042, { elicitations }), { elicitation: {} }],
  ])('is none for %s', (_what, message, capabilities) => {
    expect(readUrlAsks(message, capabilities)).toBeNull();
  });
});

describe('pending requests of a server', () => {
  function pending(...asks: ServerAsk[]): {
    asks: PendingAsks;
    sent: string[];
    refused: string[];
    orphans: ServerAsk[];
  } {
    const sent: string[] = [];
    const refused: string[] = [];
    const orphans: ServerAsk[] = [];
    const origin = {
      keepOrphan: (ask: ServerAsk) => ask.method === 'roots/list' && orphans.push(ask) > 0,
      send: (body: Buffer) => void sent.push(body.toString()),
      refuse: (id: Buffer | null) => void refused.push(String(id)),
    };
    const made = new PendingAsks(origin);
    for (const one of asks) made.put(one);
    return { asks: made, sent, refused, orphans };
  }
  const roots: ServerAsk = { id: Buffer.from('1'), method: 'roots/list', params: {} };
  const form: ServerAsk = { id: Buffer.from('"b"'), method: 'elicitation/create', params: {} };
  const url: ServerAsk = { id: null, method: 'elicitation/create', params: {} };

  it('are answered by key, others and what is no object left out', () => {
    const { asks, sent } = pending(roots, form);
    expect(asks.answer({ 'input-2': { action: 'decline' }, 'input-1': 5, x: {} })).toBe(true);
    expect(sent).toEqual(['{"jsonrpc":"2.0","id":"b","result":{"action":"decline"}}']);
    expect([...asks.byKey.keys()]).toEqual(['input-1']);
    asks.put(form);
    expect([...asks.byKey.keys()]).toEqual(['input-1', 'input-3']);
  });

  it('stand or fall with what the whole request depends on', () => {
    expect(pending(url).asks.answer({ 'input-1': { action: 'accept' } })).toBe(true);
    expect(pending(url).asks.answer({ 'input-1': { action: 'cancel' } })).toBe(false);
  });

  it('are taken back by the id of the server', () => {
    const { asks } = pending(roots, form);
    asks.withdraw('"b"');
    expect([...asks.byKey.keys()]).toEqual(['input-1']);
  });

  it('are refused when nobody answers, but for roots that were asked for early', () => {
    const late = pending(roots, form);
    late.asks.release(false, 'gone');
    expect(late.refused).toEqual(['1', '"b"']);
    const early = pending(roots, form);
    early.asks.release(true, 'gone');
    expect(early.refused).toEqual(['"b"']);
    expect(early.orphans).toEqual([roots]);
  });

  it('are refused beyond what anybody would answer', () => {
    const { asks, refused } = pending();
    for (let i = 0; i < 1_000; i += 1) asks.put({ ...form, id: Buffer.from(String(i)) });
    expect(asks.size).toBe(100);
    expect(refused).toHaveLength(900);
    expect(refused[0]).toBe('100');
  });
});

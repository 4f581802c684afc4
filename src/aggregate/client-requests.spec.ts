import { describe, expect, it } from '@jest/globals';
import type { Link } from '../gateway/link.js';
import { ClientRequests } from './client-requests.js';
import { readMessage } from './message-edit.js';

const link = (): Link => ({ ended: false }) as Link;
const read = (message: object): NonNullable<ReturnType<typeof readMessage>> => {
  const found = readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
  if (found === null) throw new Error('not read');
  return found;
};
const ask = { id: 0, method: 'sampling/createMessage', params: { _meta: { progressToken: 'p' } } };

function taken(requests: ClientRequests, from: Link, message: object = ask): { id: number } {
  const { body, envelope } = read(message);
  return JSON.parse(String(requests.take(from, body, envelope))) as { id: number };
}

describe('requests of members to the client', () => {
  it('have ids and tokens of their own, and what comes back has those of the member', () => {
    const requests = new ClientRequests();
    const [a, b] = [link(), link()];
    const first = taken(requests, a);
    const second = taken(requests, b, { ...ask, id: 'zero' });
    expect(first).toMatchObject({ id: 1, params: { _meta: { progressToken: 1 } } });
    expect(second).toMatchObject({ id: 2, params: { _meta: { progressToken: 2 } } });
    const progress = read({
      method: 'notifications/progress',
      params: { progressToken: 2, progress: 1 },
    });
    const told = requests.progress(progress.body, progress.envelope);
    expect(told?.to).toBe(b);
    expect(JSON.parse(String(told?.body))).toMatchObject({ params: { progressToken: 'p' } });
    const reply = read({ id: 2, result: { ok: true } });
    const answer = requests.answer(reply.body, reply.envelope);
    expect(answer?.to).toBe(b);
    expect(JSON.parse(String(answer?.body))).toMatchObject({ id: 'zero', result: { ok: true } });
    expect(requests.answer(reply.body, reply.envelope)).toBeNull();
    expect(requests.size).toBe(1);
  });

  it('are withdrawn by the member that asked, and dropped when it is gone', () => {
    const requests = new ClientRequests();
    const [a, b] = [link(), link()];
    taken(requests, a);
    taken(requests, b);
    taken(requests, b, { ...ask, id: 1 });
    expect(requests.cancelled(a, '1')).toBeNull();
    expect(requests.cancelled(b, '1')).toBe(3);
    expect(requests.drop(b)).toEqual([2]);
    expect(requests.size).toBe(1);
  });

  it('are bounded, and make room for those whose member has left', () => {
    const requests = new ClientRequests();
    const gone = link();
    for (let i = 0; i < 1_000; i += 1) taken(requests, i === 0 ? gone : link());
    const { body, envelope } = read(ask);
    expect(requests.take(link(), body, envelope)).toBeNull();
    Object.assign(gone, { ended: true });
    expect(requests.take(link(), body, envelope)).not.toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { rpcRequest } from '../protocol/message.js';
import type { Link } from './link.js';
import { SessionMemory } from './session-memory.js';

function retold(...told: [string, unknown][]): string[] {
  const memory = new SessionMemory();
  for (const [method, params] of told) memory.learn(method, rpcRequest(1, method, params));
  const asked: string[] = [];
  const request = (body: Buffer): void => {
    const { method, params } = JSON.parse(body.toString()) as { method: string; params: unknown };
    asked.push(`${method} ${JSON.stringify(params)}`);
  };
  memory.retell({ conversation: { kind: 'messages', request } } as unknown as Link);
  return asked;
}

describe('what a session tells another upstream again', () => {
  it('is the last log level and the subscriptions that were not ended', () => {
    expect(
      retold(
        ['logging/setLevel', { level: 'debug' }],
        ['resources/subscribe', { uri: 'a' }],
        ['resources/subscribe', { uri: 'b' }],
        ['resources/unsubscribe', { uri: 'a' }],
        ['logging/setLevel', { level: 'error' }],
      ),
    ).toEqual(['logging/setLevel {"level":"error"}', 'resources/subscribe {"uri":"b"}']);
  });

  it('is nothing for requests without readable params', () => {
    expect(retold(['resources/subscribe', { uri: 7 }], ['logging/setLevel', undefined])).toEqual(
      [],
    );
  });

  it('concerns no calls', () => {
    expect(SessionMemory.concerns('tools/call')).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../kernel/json.js';
import { RpcError } from '../protocol/rpc-error.js';
import { readChangeFilter } from './listen-request.js';

const read = (params: JsonValue): unknown =>
  readChangeFilter(Buffer.from(JSON.stringify({ params })));

describe('a wish to listen', () => {
  it('is nothing but what it says', () => {
    expect(read({ notifications: {} })).toEqual({
      tools: false,
      prompts: false,
      resources: false,
      uris: [],
    });
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: false,
      resourcesListChanged: 1,
      resourceSubscriptions: ['a', 'b', 'a'],
    };
    expect(read({ notifications })).toEqual({
      tools: true,
      prompts: false,
      resources: false,
      uris: ['a', 'b'],
    });
  });

  it.each<[string, JsonValue]>([
    ['no filter', {}],
    ['a filter that is no object', { notifications: [] }],
    ['resources that are no list', { notifications: { resourceSubscriptions: 'a' } }],
    ['resources that are no text', { notifications: { resourceSubscriptions: [1] } }],
    ['too many resources', { notifications: { resourceSubscriptions: Array(1_001).fill('a') } }],
  ])('is refused with %s', (_what, params) => {
    const fault = read(params);
    expect(fault).toBeInstanceOf(RpcError);
    expect(fault).toMatchObject({ code: -32602, httpStatus: 400 });
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  BUILT_ID_START,
  isResponse,
  messageFault,
  methodNotFound,
  readOutcome,
  rpcErrorMessage,
  rpcNotification,
  rpcRequest,
  rpcResult,
} from './message.js';
import { RpcError } from './rpc-error.js';

const parsed = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

describe('message builders', () => {
  it('put raw ids and results through unchanged', () => {
    expect(rpcResult('"a"', '{"x":1}').toString()).toBe(
      '{"jsonrpc":"2.0","id":"a","result":{"x":1}}',
    );
    expect(rpcResult(Buffer.from('7'), Buffer.from('"é"')).toString()).toBe(
      '{"jsonrpc":"2.0","id":7,"result":"é"}',
    );
  });

  it('put the id where they say', () => {
    for (const built of [rpcRequest(7, 'a'), rpcResult(7, '{}'), methodNotFound(7, 'x')]) {
      expect(built.toString('utf8', BUILT_ID_START, BUILT_ID_START + 2)).toBe('7,');
    }
  });

  it('write valid JSON-RPC', () => {
    const built = [
      rpcRequest(1, 'a"b', { x: 1 }),
      rpcRequest('"x"', 'ping'),
      rpcNotification('notifications/initialized'),
      rpcNotification('n', {}),
      rpcResult(1, '{}'),
      rpcErrorMessage(3, new RpcError(-32000, 'no', { a: 1 })),
      methodNotFound(2, 'no such method'),
    ];
    for (const bytes of built) expect(messageFault(parsed(bytes))).toBeNull();
  });

  it('carry the data of an error, and a null id', () => {
    expect(parsed(rpcErrorMessage(null, new RpcError(-32700, 'bad', [1])))).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32700, message: 'bad', data: [1] },
    });
  });
});

describe('readOutcome', () => {
  it.each<[unknown, ReturnType<typeof readOutcome>]>([
    [{ id: 1, result: null }, { result: null }],
    [
      { id: 1, error: { code: 1, message: 'm', data: 2 } },
      { error: { code: 1, message: 'm', data: 2 } },
    ],
    [{ id: 1, error: null }, { error: { code: -32603, message: 'The error has no message' } }],
    [{ id: 1, method: 'x', result: 1 }, null],
    [{ id: 1 }, null],
    [null, null],
    ['x', null],
  ])('reads %j', (message, expected) => {
    expect(readOutcome(message)).toEqual(expected);
    expect(isResponse(message)).toBe(expected !== null);
  });
});

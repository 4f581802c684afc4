import { describe, expect, it } from '@jest/globals';
import { callEnd, isWork } from './call-fault.js';

describe('whose affair the end of a call is', () => {
  it.each([
    ['tools/call', 'ok', null, 'ok'],
    ['tools/call', 'tool_error', null, 'tool'],
    ['tools/call', 'rpc_error', '-32603', 'rpc'],
    ['tools/call', 'rpc_error', '-32000', 'rpc'],
    ['tools/call', 'rpc_error', null, 'rpc'],
    ['tools/call', 'rpc_error', '-32602', 'caller'],
    ['tools/call', 'rpc_error', '-32601', 'caller'],
    ['tools/call', 'rpc_error', '-32042', 'caller'],
    ['prompts/get', 'rpc_error', '-32603', 'caller'],
    ['resources/read', 'rpc_error', null, 'caller'],
    ['tools/call', 'failed', 'exited', 'transport'],
    ['tools/list', 'timeout', 'call-timeout', 'transport'],
    ['tools/call', 'cancelled', 'cancelled', 'cancelled'],
    ['tools/call', 'refused', 'queue-full', 'refused'],
    ['tools/call', 'whatever', null, null],
    ['tools/call', 7, null, null],
  ])('%s that ends as %p (%p) is %p', (method, outcome, reason, expected) => {
    expect(callEnd(method, outcome, reason)).toBe(expected);
  });

  it('looks at what is work only', () => {
    expect(['tools/call', 'resources/list', 'ping', 'initialize', 7, null].map(isWork)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

import { describe, expect, it, jest } from '@jest/globals';
import { RpcError } from '../protocol/rpc-error.js';
import type { ReplySink } from '../upstream/upstream.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ClientCall } from './client-call.js';
import type { MemberCall } from './member-call.js';

function asked(): { call: ClientCall; heard: string[]; ended: jest.Mock } {
  const heard: string[] = [];
  const sink: ReplySink = {
    onReply: (message, start, end) => {
      heard.push(`reply ${message.toString()} ${message.toString('utf8', start, end)}`);
    },
    onRelated: (message) => {
      heard.push(`related ${message.toString()}`);
    },
    onFail: (error) => {
      heard.push(`fail ${error.code}`);
    },
  };
  const ended = jest.fn();
  return { call: new ClientCall('1', sink, ended), heard, ended };
}

describe('a call of the client', () => {
  it('is answered by us a moment later, once, under an id that is replaced', async () => {
    const { call, heard, ended } = asked();
    call.result('{}');
    call.refuse(new RpcError(-32601, 'no'));
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual(['reply {"jsonrpc":"2.0","id":0,"result":{}} 0']);
    call.fail(new UpstreamError('exited', 'late'));
    call.related(Buffer.from('late'));
    expect(heard).toHaveLength(1);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('hears nothing after it was abandoned, and its member is told', async () => {
    const { call, heard } = asked();
    const giveUp = jest.fn();
    call.member = { giveUp } as unknown as MemberCall;
    call.related(Buffer.from('progress'));
    call.abandon(true, 'enough');
    call.abandon(true, 'again');
    call.result('{}');
    await Promise.resolve();
    expect(heard).toEqual(['related progress']);
    expect(giveUp.mock.calls).toEqual([[true, 'enough']]);
    expect(call.signal.aborted).toBe(true);
  });

  it('fails as aborted when the client cancels it, waiting for its turn or not', () => {
    const waiting = asked();
    waiting.call.cancel(undefined);
    expect(waiting.heard).toEqual(['fail aborted']);
    expect(waiting.call.signal.aborted).toBe(true);
    expect(waiting.call.over).toBe(true);
  });

  it('lets the answer be read on its way', () => {
    const { call, heard } = asked();
    const read: string[] = [];
    call.onAnswer = (message) => {
      read.push(message.toString());
    };
    call.reply(Buffer.from('answer'), 0, 1);
    expect([read, heard]).toEqual([['answer'], ['reply answer a']]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { Activity } from './activity.js';
import { MessageTable } from './message-table.js';
import type { UpstreamError } from './upstream.errors.js';

const NO_TOKEN = { tokenStart: 0, tokenEnd: 0 };

function make(): {
  clock: ManualClock;
  activity: Activity;
  table: MessageTable;
  told: string[];
  heard: string[];
  add: (
    owner: object,
    id?: string,
    timeoutMs?: number,
    token?: string,
  ) => ReturnType<MessageTable['add']>;
} {
  const clock = new ManualClock();
  const activity = new Activity(clock);
  const told: string[] = [];
  const heard: string[] = [];
  const table = new MessageTable(clock, activity, {
    tell: (message) => told.push(message.toString()),
    onTaskProgress: (_owner, message) => heard.push(`task ${message.toString()}`),
  });
  const sink = {
    onReply: (message: Buffer) => heard.push(`reply ${message.toString()}`),
    onRelated: (message: Buffer) => heard.push(`related ${message.toString()}`),
    onFail: (error: UpstreamError) => heard.push(`fail ${error.code}`),
  };
  const add = (
    owner: object,
    id = '1',
    timeoutMs = 1000,
    token = '',
  ): ReturnType<MessageTable['add']> => {
    const body = Buffer.from(id + token);
    const spans = { idStart: 0, idEnd: id.length, ...NO_TOKEN };
    if (token !== '') Object.assign(spans, { tokenStart: id.length, tokenEnd: body.length });
    return table.add(owner, body, spans, sink, timeoutMs);
  };
  return { clock, activity, table, told, heard, add };
}

function progressOf(table: MessageTable, token: number | string): boolean {
  const line = Buffer.from(
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token}}}`,
  );
  const envelope = scanEnvelope(line);
  if (envelope === null) throw new Error('odd');
  return table.progress(line, envelope);
}

describe('MessageTable', () => {
  it('gives a call the time that its caller allows from now on', async () => {
    const { clock, heard, add } = make();
    const call = add({}, '1', 1_000);
    await clock.advance(900);
    call.allow(5_000);
    await clock.advance(4_900);
    expect(heard).toEqual([]);
    await clock.advance(300);
    expect(heard).toEqual(['fail call-timeout']);
  });

  it('settles a call once, and counts it', () => {
    const { table, activity, heard, add } = make();
    const call = add({});
    expect(activity.inFlight).toBe(1);
    table.settle(call, Buffer.from('a'), 0, 0);
    table.settle(call, Buffer.from('b'), 0, 0);
    table.fail(call, { code: 'exited' } as UpstreamError);
    expect(heard).toEqual(['reply a']);
    expect(activity.inFlight).toBe(0);
  });

  it('expires calls, tells the upstream, and lets progress put that off', async () => {
    const { clock, table, told, heard, add } = make();
    add({}, '"a"');
    const slow = add({}, '"b"', 1000, '"tok"');
    await clock.advance(900);
    expect(progressOf(table, slow.id)).toBe(true);
    expect(progressOf(table, 99)).toBe(false);
    await clock.advance(300);
    expect(heard).toEqual([
      'related {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"tok"}}',
      'fail call-timeout',
    ]);
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ params: { requestId: 1 } });
    await clock.advance(900);
    expect(heard).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('finds a call by what its client calls it, however it is written', () => {
    const { table, add } = make();
    const [one, two] = [{}, {}];
    const call = add(one, '"a\\u0062"');
    add(two, '"other"');
    expect(table.find(one, '"ab"')).toBe(call);
    expect(table.find(two, '"ab"')).toBeUndefined();
    expect(table.find(one, '1')).toBeUndefined();
  });

  it('fails the calls of one owner, or all', () => {
    const { table, heard, add } = make();
    const one = {};
    add(one);
    add({});
    table.failAll(one, { code: 'stopped' } as UpstreamError);
    expect(heard).toEqual(['fail stopped']);
    table.failAll(null, { code: 'exited' } as UpstreamError);
    expect(heard).toEqual(['fail stopped', 'fail exited']);
  });

  it('tells nothing to a sink that abandoned its call, and the upstream only if asked to', () => {
    const { table, heard, told, add } = make();
    add({}).abandon(false);
    add({}).abandon(true, 'why');
    const late = add({});
    table.settle(late, Buffer.from('a'), 0, 0);
    late.abandon(true);
    expect(heard).toEqual(['reply a']);
    expect(told.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { params: { requestId: 2, reason: 'why' } },
    ]);
  });

  it('goes on bringing the progress of a task after its call was answered', () => {
    const { table, heard, add } = make();
    const call = add({}, '1', 1000, '"tok"');
    table.settle(call, Buffer.from('{"result":{"task":{"taskId":"t"}}}'), 0, 0);
    expect(progressOf(table, call.id)).toBe(true);
    expect(heard[1]).toContain('task');
    expect(heard[1]).toContain('"tok"');
  });
});

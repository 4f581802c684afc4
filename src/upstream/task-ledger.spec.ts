import { describe, expect, it } from '@jest/globals';
import { TaskLedger } from './task-ledger.js';

const answer = (taskId: unknown): Buffer =>
  Buffer.from(JSON.stringify({ result: { task: { taskId } } }));

describe('TaskLedger', () => {
  it('remembers whose task it is, until its owner is forgotten', () => {
    const ledger = new TaskLedger();
    const owner = {};
    ledger.note({ id: 4, owner, clientToken: '"t"' }, answer('task-1'));
    expect(ledger.ofTask('task-1')?.owner).toBe(owner);
    expect(ledger.ofToken(4)?.clientToken).toBe('"t"');
    ledger.forget({});
    expect(ledger.ofToken(4)).toBeDefined();
    ledger.forget(owner);
    expect(ledger.ofToken(4)).toBeUndefined();
    expect(ledger.ofTask('task-1')).toBeUndefined();
  });

  it.each([
    ['one without a task', Buffer.from('{"result":{"x":"taskId"}}')],
    ['an id that is no string', answer(7)],
    ['no JSON', Buffer.from('{"taskId"')],
    ['a large one', Buffer.concat([answer('a'), Buffer.alloc(5000, 32)])],
  ])('takes nothing from an answer like %s', (_name, message) => {
    const ledger = new TaskLedger();
    ledger.note({ id: 4, owner: {}, clientToken: '1' }, message);
    expect(ledger.ofToken(4)).toBeUndefined();
  });

  it('forgets the oldest beyond a thousand', () => {
    const ledger = new TaskLedger();
    for (let id = 0; id < 1001; id += 1) {
      ledger.note({ id, owner: {}, clientToken: '1' }, answer(`t${id}`));
    }
    expect(ledger.ofToken(0)).toBeUndefined();
    expect(ledger.ofTask('t0')).toBeUndefined();
    expect(ledger.ofTask('t1')).toBeDefined();
  });
});

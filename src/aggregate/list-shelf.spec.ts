import { describe, expect, it, jest } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { ListShelf, type Items } from './list-shelf.js';

const one: Items = [{ name: 'one' }];
const two: Items = [{ name: 'two' }];

function shelf(): {
  clock: ManualClock;
  lists: ListShelf;
  fetch: jest.Mock<() => Promise<Items>>;
  changed: jest.Mock;
} {
  const clock = new ManualClock();
  const fetch = jest.fn<() => Promise<Items>>();
  const changed = jest.fn();
  return { clock, fetch, changed, lists: new ListShelf(clock, fetch, 1_000, changed) };
}

describe('a list shelf', () => {
  it('asks once for callers at the same time, and again when the list is old', async () => {
    const { clock, lists, fetch, changed } = shelf();
    fetch.mockResolvedValue(one);
    expect(await Promise.all([lists.ask('tools', 10), lists.ask('tools', 10)])).toEqual([one, one]);
    expect(await lists.ask('tools', 10)).toBe(one);
    expect(fetch).toHaveBeenCalledTimes(1);
    await clock.advance(1_000);
    await lists.ask('tools', 10);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(changed).not.toHaveBeenCalled();
  });

  it('keeps the identity of an equal list, and tells of another one', async () => {
    const { lists, fetch, changed } = shelf();
    fetch.mockResolvedValueOnce(one).mockResolvedValueOnce([{ name: 'one' }]);
    await lists.ask('tools', 10);
    lists.age(['tools']);
    expect(await lists.ask('tools', 10)).toBe(one);
    fetch.mockResolvedValueOnce(two);
    lists.age(['tools']);
    expect(await lists.ask('tools', 10)).toEqual(two);
    expect(changed.mock.calls).toEqual([['tools', false]]);
  });

  it('keeps the last good list through failures, and leaves the server alone for a while', async () => {
    const { clock, lists, fetch } = shelf();
    fetch.mockResolvedValueOnce(one).mockRejectedValue(new Error('down'));
    await lists.ask('tools', 10);
    await clock.advance(6_000);
    expect(await lists.ask('tools', 10)).toBe(one);
    await clock.advance(4_999);
    await lists.ask('tools', 10);
    expect(fetch).toHaveBeenCalledTimes(2);
    await clock.advance(1);
    await lists.ask('tools', 10);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it('goes on without a slow server, and tells when the list comes after all', async () => {
    const { clock, lists, fetch, changed } = shelf();
    let arrive = (_items: Items): void => undefined;
    fetch.mockReturnValue(
      new Promise((resolve) => {
        arrive = resolve;
      }),
    );
    const asked = lists.ask('prompts', 50);
    await clock.advance(50);
    expect(await asked).toBeNull();
    arrive(one);
    await clock.advance(0);
    expect(lists.peek('prompts')).toBe(one);
    expect(changed.mock.calls).toEqual([['prompts', true]]);
  });

  it('is waited for once by those who ask a server that says nothing, until it has answered', async () => {
    const { clock, lists, fetch } = shelf();
    fetch.mockResolvedValueOnce(one).mockReturnValueOnce(new Promise(() => undefined));
    await lists.ask('tools', 50);
    lists.age(['tools']);
    const first = lists.ask('tools', 50);
    await clock.advance(50);
    expect(await first).toBe(one);
    expect(await lists.ask('tools', 50)).toBe(one);
  });

  it('tells at once when the server says that its list changed, and again only after it was asked', async () => {
    const { lists, fetch, changed } = shelf();
    lists.changed(['tools']);
    expect(changed).not.toHaveBeenCalled();
    fetch.mockResolvedValueOnce(one).mockResolvedValueOnce(two);
    await lists.ask('tools', 10);
    for (let i = 0; i < 3; i += 1) lists.changed(['tools']);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(await lists.ask('tools', 10)).toBe(two);
    expect(changed).toHaveBeenCalledTimes(1);
    lists.changed(['tools']);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('tells of a change while the list is on its way, which may be the one from before', async () => {
    const { lists, fetch, changed } = shelf();
    fetch.mockResolvedValueOnce(one);
    await lists.ask('tools', 10);
    lists.changed(['tools']);
    fetch.mockImplementationOnce(() => {
      lists.changed(['tools']);
      return Promise.resolve(one);
    });
    await lists.ask('tools', 10);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('asks again for a list that became old while it was on its way', async () => {
    const { lists, fetch } = shelf();
    fetch.mockImplementationOnce(() => {
      lists.age(['tools']);
      return Promise.resolve(one);
    });
    fetch.mockResolvedValueOnce(two);
    expect(await lists.ask('tools', 10)).toBe(one);
    expect(await lists.ask('tools', 10)).toBe(two);
  });
});

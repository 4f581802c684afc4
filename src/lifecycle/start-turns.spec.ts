import { describe, expect, it } from '@jest/globals';
import { StartTurns } from './start-turns.js';

function asked(turns: StartTurns, ids: readonly string[]): Set<string> {
  const begun = new Set<string>();
  for (const id of ids) {
    const turn = turns.take(id);
    if (turn === null) begun.add(id);
    else void turn.then(() => begun.add(id));
  }
  return begun;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the turns to start', () => {
  it.each([
    [1, 1],
    [2, 1],
    [7, 3],
    [64, 8],
  ])('leaves room below a cap of %i processes: %i begin at once', async (limit, atOnce) => {
    const begun = asked(new StartTurns(limit), [...'abcdefghijkl']);
    await settled();
    expect(begun.size).toBe(atOnce);
  });

  it('lets the next one begin when one is over, in the order of asking', async () => {
    const turns = new StartTurns(4);
    const begun = asked(turns, ['a', 'b', 'c', 'd']);
    turns.end('b');
    await settled();
    expect([...begun]).toEqual(['a', 'b', 'c']);
  });

  it('passes over one that waits no more', async () => {
    const turns = new StartTurns(2);
    const begun = asked(turns, ['a', 'b', 'c']);
    turns.end('b');
    turns.end('a');
    await settled();
    expect(begun.has('c')).toBe(true);
    turns.end('c');
    expect(turns.take('d')).toBeNull();
  });

  it('is not moved by the end of one that never asked', async () => {
    const turns = new StartTurns(2);
    const begun = asked(turns, ['a', 'b']);
    turns.end('x');
    await settled();
    expect([...begun]).toEqual(['a']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { prepareCommit } from './prepared-commit.js';

const META = { actor: 'a', source: 's', verb: 'v' };

describe('preparing a commit', () => {
  it('takes the expectations out of the changes, and drops what JSON has no word for', () => {
    const prepared = prepareCommit(
      [
        { kind: 'route', id: 'a', op: 'put', doc: { n: 1, gone: undefined }, expect: null },
        { kind: 'route', id: 'b', op: 'put', doc: {} },
      ],
      META,
    );
    expect(prepared.changes).toEqual([
      { kind: 'route', id: 'a', op: 'put', doc: { n: 1 } },
      { kind: 'route', id: 'b', op: 'put', doc: {} },
    ]);
    expect(prepared.expectations).toEqual([{ kind: 'route', id: 'a', expect: null }]);
    expect(prepared.isCleanup).toBe(false);
  });

  it('knows a commit that deletes', () => {
    const prepared = prepareCommit([{ kind: 'route', id: 'a', op: 'delete' }], META);
    expect(prepared.isCleanup).toBe(true);
  });

  it('believes a commit that says it leads to a removal', () => {
    const put = { kind: 'service', id: 'a', op: 'put', doc: {} } as const;
    expect(prepareCommit([put], { ...META, frees_space: true }).isCleanup).toBe(true);
  });

  it('shares nothing with its caller', () => {
    const doc = { list: [1] };
    const meta = { ...META, diff: [{ op: 'add' }] };
    const prepared = prepareCommit([{ kind: 'route', id: 'a', op: 'put', doc }], meta);
    doc.list.push(2);
    meta.diff.push({ op: 'remove' });
    expect(prepared.changes[0]).toMatchObject({ doc: { list: [1] } });
    expect(prepared.meta.diff).toHaveLength(1);
  });
});

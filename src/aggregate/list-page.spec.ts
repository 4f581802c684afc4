import { describe, expect, it } from '@jest/globals';
import { RpcError } from '../protocol/rpc-error.js';
import { listPage, PAGE_SIZE } from './list-page.js';

const items = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const read = (page: string | RpcError): { tools: number[]; nextCursor?: string } =>
  JSON.parse(page as string) as never;

describe('listPage', () => {
  it('is one page up to its size, without a cursor', () => {
    expect(read(listPage('tools', items(PAGE_SIZE), undefined))).toEqual({
      tools: items(PAGE_SIZE).map(Number),
    });
    expect(listPage('tools', [], undefined)).toBe('{"tools":[]}');
  });

  it('goes on where the cursor says', () => {
    const all = items(PAGE_SIZE + 2);
    const first = read(listPage('tools', all, undefined));
    expect(first.tools).toHaveLength(PAGE_SIZE);
    expect(read(listPage('tools', all, first.nextCursor))).toEqual({
      tools: [PAGE_SIZE, PAGE_SIZE + 1],
    });
  });

  it.each(['x', '-1', '5', '', 3, {}])('refuses the cursor %j', (cursor) => {
    const refusal = listPage('tools', items(2), cursor);
    expect(refusal).toBeInstanceOf(RpcError);
    expect((refusal as RpcError).code).toBe(-32602);
  });
});

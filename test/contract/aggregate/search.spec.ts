import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { AggregateRig, names, textOf } from './aggregate-rig.js';
import { script, tool } from './member-server.js';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  await rig.close();
});

interface Found {
  tools: { name: string; service: string; score: number; inputSchema: unknown }[];
  searched: number;
}

const found = (result: unknown): Found =>
  (result as { structuredContent: Found }).structuredContent;

describe('search mode', () => {
  it('shows two tools, finds the others among 1,000 and calls them', async () => {
    const many = Array.from({ length: 990 }, (_, i) =>
      tool(`noise_${i}`, { description: `Does the usual thing number ${i}` }),
    );
    const files = [
      tool('read_text', { description: 'Read the complete contents of a file from disk' }),
      tool('delete_path', {
        description: 'Removes it',
        inputSchema: {
          type: 'object',
          properties: { target: { type: 'string', description: 'directory to wipe' } },
        },
      }),
    ];
    await rig.listen(
      rig.member(script('noise', { tools: many })),
      rig.member(script('files', { tools: files }), 'session'),
    );
    const client = await rig.connect('?mode=search');
    expect(names(await client.listTools())).toEqual(['search_tools', 'call_tool']);
    const search = async (query: string, limit?: number): Promise<Found> =>
      found(await client.callTool({ name: 'search_tools', arguments: { query, limit } }));
    const read = await search('read file contents');
    expect(read.searched).toBe(992);
    expect(read.tools[0]).toMatchObject({ name: 'files__read_text', service: 'files' });
    expect((await search('wipe directory')).tools[0]?.name).toBe('files__delete_path');
    expect((await search('usual thing', 3)).tools).toHaveLength(3);
    expect((await search('')).tools).toHaveLength(10);
    expect((await search('zzzzzz')).tools).toEqual([]);
    const answer = await client.request(
      {
        method: 'tools/call',
        params: {
          name: 'call_tool',
          arguments: { name: 'files__read_text', arguments: { path: '/x', n: [1, 2] } },
          _meta: { 'x/y': 1 },
        },
      },
      CallToolResultSchema.loose(),
    );
    expect(textOf(answer)).toBe('files/read_text:{"path":"/x","n":[1,2]}');
    expect(answer.extra).toBe(1);
  });

  it('tells a model what it got wrong as a result, and everything else as errors', async () => {
    await rig.listen(rig.member(script('alpha')));
    const client = await rig.connect('?mode=search');
    const wrong = [{ name: 'alpha' }, { name: 5 }, {}, { name: 'alpha__echo', arguments: 'text' }];
    for (const args of wrong) {
      const answer = await client.callTool({ name: 'call_tool', arguments: args });
      expect(answer.isError).toBe(true);
    }
    expect((await client.callTool({ name: 'search_tools', arguments: {} })).isError).toBe(true);
    await expect(client.callTool({ name: 'alpha__echo' })).rejects.toMatchObject({ code: -32602 });
    const failed = { name: 'call_tool', arguments: { name: 'alpha__fail' } };
    await expect(client.callTool(failed)).rejects.toThrow('alpha failed');
  });

  it('finds nothing that the caller may not use, and follows the services', async () => {
    const policy = {
      authenticationRequired: false,
      allowedScopes: [],
      allowTools: ['echo'],
      denyTools: [],
      readOnlyTools: false,
      rateLimit: null,
    };
    const alpha = rig.member(script('alpha'), 'shared', { policy });
    const beta = rig.member(script('beta'));
    await rig.listen(alpha, beta);
    const client = await rig.connect('?mode=search&services=alpha');
    const all = { name: 'search_tools', arguments: { query: '' } };
    expect(found(await client.callTool(all)).tools.map(({ name }) => name)).toEqual([
      'alpha__echo',
    ]);
    const denied = { name: 'call_tool', arguments: { name: 'alpha__hold' } };
    await expect(client.callTool(denied)).rejects.toMatchObject({ code: -32011 });
    const other = await rig.connect('?mode=search');
    expect(found(await other.callTool(all)).searched).toBe(8);
    rig.swap(alpha);
    expect(found(await other.callTool(all)).searched).toBe(1);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { AggregateRig, eventually } from './aggregate-rig.js';
import { script } from './member-server.js';

let rig: AggregateRig;
beforeEach(() => {
  rig = new AggregateRig();
});
afterEach(async () => {
  await rig.close();
});

const alphaScript = (): ReturnType<typeof script> =>
  script('alpha', {
    prompts: ['greet', 'odd name'],
    resources: ['file:///a', 'file:///both'],
    templates: ['file:///deep/{name}', 'db://{table}/{row}'],
  });
const betaScript = (): ReturnType<typeof script> =>
  script('beta', {
    prompts: ['greet'],
    resources: ['file:///both', 'file:///b'],
    templates: ['file:///{+path}'],
  });

async function connected(isolation: 'shared' | 'session'): Promise<{
  client: Client;
  alpha: ReturnType<AggregateRig['member']>;
  beta: ReturnType<AggregateRig['member']>;
}> {
  const alpha = rig.member(alphaScript(), isolation);
  const beta = rig.member(betaScript(), isolation);
  await rig.listen(alpha, beta, rig.member(script('plain'), isolation));
  return { client: await rig.connect(), alpha, beta };
}

describe.each(['shared', 'session'] as const)('with members of isolation %s', (isolation) => {
  it('lists the prompts of those that have some, gets and completes them by their names', async () => {
    const { client } = await connected(isolation);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      'alpha__greet',
      expect.stringMatching(/^alpha__odd_name_[0-9a-f]{8}$/),
      'beta__greet',
    ]);
    expect(prompts[0]?.description).toBe('greet prompt');
    const odd = await client.getPrompt({ name: prompts[1]?.name ?? '' });
    expect(JSON.stringify(odd)).toContain('alpha>odd name');
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'beta__greet' },
      argument: { name: 'a', value: 'b' },
    });
    expect(completed.completion.values).toEqual(['beta:{"type":"ref/prompt","name":"greet"}']);
    await expect(client.getPrompt({ name: 'none__greet' })).rejects.toMatchObject({ code: -32602 });
  });

  it('lists resources and templates once, and reads each from the member that has it', async () => {
    const { client } = await connected(isolation);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['file:///a', 'file:///both', 'file:///b']);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toHaveLength(3);
    const reads: [string, string][] = [
      ['file:///a', 'alpha'],
      ['file:///both', 'alpha'],
      ['file:///b', 'beta'],
      ['file:///deep/x', 'alpha'],
      ['file:///elsewhere/x', 'beta'],
      ['db://t/1', 'alpha'],
    ];
    for (const [uri, owner] of reads) {
      const { contents } = await client.readResource({ uri });
      expect([uri, contents[0]]).toEqual([uri, { uri, text: owner }]);
    }
    await expect(client.readResource({ uri: 'gopher://x' })).rejects.toMatchObject({
      code: -32002,
      data: { uri: 'gopher://x' },
    });
  });
});

describe('subscriptions and levels', () => {
  it('go to the owner, come back from it, and are told again to its next revision', async () => {
    const { client, alpha, beta } = await connected('shared');
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updated.push(params.uri);
    });
    await client.subscribeResource({ uri: 'file:///b' });
    expect([[...alpha.script.subscribed], [...beta.script.subscribed]]).toEqual([
      [],
      ['file:///b'],
    ]);
    await beta.source.latest.server.sendResourceUpdated({ uri: 'file:///b' });
    await eventually(() => updated.length === 1);
    const next = rig.member(betaScript());
    rig.swap(alpha, { ...next, endpoint: { ...next.endpoint, revision: 2 } });
    await eventually(() => next.script.subscribed.has('file:///b'));
    await client.unsubscribeResource({ uri: 'file:///b' });
    expect(next.script.subscribed.size).toBe(0);
  });

  it('set the level at members that are open and at those opened later', async () => {
    const { client, alpha, beta } = await connected('session');
    await client.callTool({ name: 'alpha__echo' });
    await client.setLoggingLevel('warning');
    await eventually(() => alpha.script.level === 'warning');
    expect(beta.script.level).toBeUndefined();
    await client.callTool({ name: 'beta__echo' });
    await eventually(() => beta.script.level === 'warning');
    await expect(client.setLoggingLevel('loud' as 'info')).rejects.toMatchObject({ code: -32602 });
  });
});

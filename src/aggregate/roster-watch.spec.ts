import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../gateway/endpoint.js';
import type { JsonObject } from '../kernel/json.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import { RosterWatch } from './roster-watch.js';

const TOOLS = 'notifications/tools/list_changed';
const PROMPTS = 'notifications/prompts/list_changed';
const RESOURCES = 'notifications/resources/list_changed';

const endpoint = (over: Partial<Endpoint> = {}, capabilities: JsonObject | null = null): Endpoint =>
  ({
    serviceId: 'a',
    serviceName: 'alpha',
    source: { acquire: () => Promise.reject(new Error('not used')) },
    policy: null,
    tools: [{ name: 'x' }],
    profile: { title: null, description: null, tags: [], capabilities },
    ...over,
  }) as Endpoint;

function changes(before: readonly Endpoint[], after: readonly Endpoint[], listed = true): string[] {
  const roster = { all: before };
  const outages = { isListed: () => true };
  const watch = new RosterWatch(roster as unknown as Roster, outages as unknown as Outages);
  roster.all = after;
  outages.isListed = () => listed;
  return [...watch.changes()].sort();
}

describe('what clients are told after a swap', () => {
  const same = endpoint();
  it.each<[string, string[], string[]]>([
    ['nothing when nothing changed', changes([same], [same]), []],
    ['all when a member came', changes([], [same]), [PROMPTS, RESOURCES, TOOLS]],
    ['all when a member went', changes([same], []), [PROMPTS, RESOURCES, TOOLS]],
    [
      'only what the member has',
      changes([], [endpoint({}, { tools: {}, prompts: {} })]),
      [PROMPTS, TOOLS],
    ],
    ['all when it is no longer shown', changes([same], [same], false), [PROMPTS, RESOURCES, TOOLS]],
    ['tools when they are others', changes([same], [{ ...same, tools: [{ name: 'y' }] }]), [TOOLS]],
    ['nothing for equal tools', changes([same], [{ ...same, tools: [{ name: 'x' }] }]), []],
    [
      'prompts and resources of another revision, which nobody asked yet',
      changes([same], [endpoint()]),
      [PROMPTS, RESOURCES],
    ],
    [
      'all when the service has another name, as names are made of it',
      changes([same], [{ ...same, serviceName: 'omega' }]),
      [PROMPTS, RESOURCES, TOOLS],
    ],
  ])('is %s', (_what, told, expected) => {
    expect(told).toEqual(expected);
  });
});

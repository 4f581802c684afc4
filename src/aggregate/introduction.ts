import type { Endpoint } from '../gateway/endpoint.js';
import type { JsonObject } from '../kernel/json.js';
import { LEGACY_VERSIONS } from '../protocol/protocol-version.js';
import { GATEWAY_CLIENT, type ServerFacts } from '../upstream/upstream.js';
import type { Outages } from './outages.js';
import type { Roster } from './roster.js';
import { CALL_TOOL, SEARCH_TOOLS } from './search-tools.js';

/** Instructions go into the prompts of models: they stay short whatever the number of services. */
const MAX_INSTRUCTIONS_CHARS = 4_000;
const MAX_ABOUT_CHARS = 120;

/** All that members may have. Which of them do changes while clients are connected, capabilities do not. */
const CAPABILITIES: JsonObject = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
  tasks: { cancel: {}, requests: { tools: { call: {} } } },
};

/** What the aggregate says of itself at `initialize`. */
export function introductionOf(roster: Roster, outages: Outages, search: boolean): ServerFacts {
  const { name, title, version } = GATEWAY_CLIENT.clientInfo;
  const serverInfo: JsonObject = { name: name ?? '', title: title ?? '', version: version ?? '' };
  const instructions = instructionsOf(roster, outages, search);
  const [protocolVersion] = LEGACY_VERSIONS;
  const result = { protocolVersion, capabilities: CAPABILITIES, serverInfo, instructions };
  return { ...result, resultJson: Buffer.from(JSON.stringify(result)) };
}

function instructionsOf(roster: Roster, outages: Outages, search: boolean): string {
  const { all, guarded } = roster;
  const head = search
    ? `Several services behind one gateway. Find a tool with ${SEARCH_TOOLS}, then call it with ${CALL_TOOL}.`
    : 'Several services behind one gateway. Tools and prompts are named <service>__<name>.';
  const lines = [head, all.length === 0 ? 'No service is available.' : 'Services:'];
  let length = lines.join('\n').length;
  let told = 0;
  for (const endpoint of all) {
    const line = lineOf(endpoint, outages.isListed(endpoint));
    if (length + line.length + 1 > MAX_INSTRUCTIONS_CHARS) break;
    lines.push(line);
    length += line.length + 1;
    told += 1;
  }
  if (told < all.length) lines.push(`and ${all.length - told} more`);
  if (guarded.length > 0) {
    lines.push(`Not here, as they have guards of their own: ${guarded.slice(0, 20).join(', ')}`);
  }
  return lines.join('\n');
}

function lineOf({ serviceName, profile, unavailable }: Endpoint, listed: boolean): string {
  const about = (profile?.description ?? profile?.title ?? '').replace(/\s+/g, ' ').trim();
  const cut = about.length > MAX_ABOUT_CHARS ? `${about.slice(0, MAX_ABOUT_CHARS - 1)}…` : about;
  const state = unavailable === null && listed ? '' : ' (not available now)';
  return cut === '' ? `- ${serviceName}${state}` : `- ${serviceName}${state}: ${cut}`;
}

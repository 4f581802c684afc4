import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { Endpoint, EndpointPolicy } from './endpoint.js';
import { ToolDoor, toolDoorOf, withoutRefusedTools } from './tool-door.js';

const OPEN: EndpointPolicy = {
  authenticationRequired: true,
  allowedScopes: ['x'],
  allowTools: null,
  denyTools: [],
  readOnlyTools: false,
  rateLimit: { requests: 1, window_ms: 1 },
};
const TOOLS: JsonObject[] = [
  { name: 'read', annotations: { readOnlyHint: true } },
  { name: 'claims', annotations: { readOnlyHint: 'true' } },
  { name: 'write' },
];

describe('the door of an endpoint', () => {
  it.each<[string, Partial<EndpointPolicy>, string | null, string | null]>([
    ['allows all by default', {}, 'write', null],
    ['refuses what is denied', { denyTools: ['wr*'] }, 'write', 'tool-denied'],
    ['refuses what is not allowed', { allowTools: ['read'] }, 'write', 'tool-not-allowed'],
    ['allows nothing by an empty list', { allowTools: [] }, 'read', 'tool-not-allowed'],
    ['allows a hinted tool under read-only', { readOnlyTools: true }, 'read', null],
    ['takes no text for the hint', { readOnlyTools: true }, 'claims', 'not-read-only'],
    ['refuses an unknown tool under read-only', { readOnlyTools: true }, 'new', 'not-read-only'],
    ['refuses a call without a name', {}, null, 'tool-unnamed'],
  ])('%s', (_case, policy, tool, expected) => {
    const door = new ToolDoor({ ...OPEN, ...policy }, TOOLS);
    expect([door.refusalOf(tool), door.refusalOf(tool)]).toEqual([expected, expected]);
  });

  it('exists only where tools are restricted', () => {
    const endpoint = (policy: EndpointPolicy | null): Endpoint =>
      ({ policy, tools: TOOLS }) as unknown as Endpoint;
    expect(toolDoorOf(endpoint(null))).toBeNull();
    expect(toolDoorOf(endpoint(OPEN))).toBeNull();
    const restricted = endpoint({ ...OPEN, denyTools: ['a'] });
    expect(toolDoorOf(restricted)).toBe(toolDoorOf(restricted));
  });
});

describe('a filtered list', () => {
  const door = new ToolDoor({ ...OPEN, denyTools: ['write'] }, TOOLS);
  const filtered = (message: unknown): unknown =>
    JSON.parse(
      withoutRefusedTools(
        door,
        Buffer.from(JSON.stringify(message)),
        Buffer.from('"é"'),
      ).toString(),
    );

  it('keeps the order, the cursor and unknown members, under the id of the caller', () => {
    const result = {
      tools: [{ name: 'a', x: 1 }, { name: 'write' }, { name: 'b' }],
      nextCursor: 'c',
      y: 2,
    };
    expect(filtered({ jsonrpc: '2.0', id: 5, result })).toEqual({
      jsonrpc: '2.0',
      id: 'é',
      result: { tools: [{ name: 'a', x: 1 }, { name: 'b' }], nextCursor: 'c', y: 2 },
    });
  });

  it('lets nothing through that cannot be read', () => {
    const message = withoutRefusedTools(
      door,
      Buffer.from('{"result":{"tools":["\\q"]}}'),
      Buffer.from('1'),
    );
    expect(JSON.parse(message.toString())).toMatchObject({ id: 1, error: { code: -32000 } });
  });

  it('refuses what is nested too deep to be written again', () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const message = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{"tools":[],"x":${deep}}}`);
    const answer = withoutRefusedTools(door, message, Buffer.from('"é"'));
    expect(JSON.parse(answer.toString())).toMatchObject({ id: 'é', error: { code: -32000 } });
  });

  it('passes errors', () => {
    expect(filtered({ id: 5, error: { code: -1, message: 'm' } })).toMatchObject({
      id: 'é',
      error: { code: -1 },
    });
  });
});

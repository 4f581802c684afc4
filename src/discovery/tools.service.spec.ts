import { beforeEach, describe, expect, it } from '@jest/globals';
import { serviceDocument } from '../../test/support/service-fixture.js';
import type { Principal } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { CompiledRouteTable, RouteTableHolder } from '../gateway/route-table.js';
import type { JsonObject } from '../kernel/json.js';
import { ToolsService } from './tools.service.js';

type Ports = ConstructorParameters<typeof ToolsService>;

const CALLER: Principal = { id: 'a', kind: 'local', scopes: new Set(['invoke']), services: null };
const ECHO = {
  name: 'echo',
  inputSchema: {
    type: 'object',
    required: ['text'],
    properties: { text: { type: 'string' } },
    additionalProperties: false,
  },
};

describe('ToolsService', () => {
  let holder: RouteTableHolder;
  let called: unknown[];
  let service: ToolsService;

  beforeEach(() => {
    holder = new RouteTableHolder();
    called = [];
    const dispatcher = {
      callTool: (_endpoint: Endpoint, _principal: Principal, tool: string, args: JsonObject) => {
        called.push([tool, args]);
        const result = {
          content: [{ type: 'text', text: 'hi' }],
          structuredContent: { a: 1 },
          isError: true,
        };
        return Promise.resolve({ result, is_error: true, duration_ms: 3 });
      },
    };
    service = new ToolsService(
      { require: () => serviceDocument('weather') } as unknown as Ports[0],
      { statusOf: () => ({ tools: [ECHO, { name: 'secret' }] }) } as unknown as Ports[1],
      holder,
      dispatcher as unknown as Ports[3],
    );
  });

  function mount(over: Partial<Endpoint> = {}): void {
    const endpoint = {
      serviceId: 'weather',
      serviceName: 'weather',
      unavailable: null,
      policy: null,
      tools: [ECHO],
      ...over,
    } as Endpoint;
    holder.swap(new CompiledRouteTable(1, [{ path: '/mcp/weather', endpoint, primary: true }]));
  }

  const call = (tool: string, args: unknown) => service.call('weather', tool, args, CALLER, {});

  it('answers the result of the tool, its own error included', async () => {
    mount();
    expect(await call('echo', { text: 'x' })).toEqual({
      is_error: true,
      duration_ms: 3,
      content: [{ type: 'text', text: 'hi' }],
      structured_content: { a: 1 },
      result: {
        content: [{ type: 'text', text: 'hi' }],
        structuredContent: { a: 1 },
        isError: true,
      },
    });
    expect(called).toEqual([['echo', { text: 'x' }]]);
  });

  it.each<[string, unknown, object]>([
    [
      'echo',
      { text: 7 },
      { code: 'discovery.arguments-invalid', details: { errors: [{ pointer: '/text' }] } },
    ],
    ['echo', {}, { code: 'discovery.arguments-invalid' }],
    ['echo', [], { code: 'discovery.arguments-invalid' }],
    ['ecko', {}, { code: 'discovery.tool-unknown', details: { extra: { similar: ['echo'] } } }],
  ])('refuses %s with %j before the service hears of it', async (tool, args, problem) => {
    mount();
    await expect(call(tool, args)).rejects.toMatchObject(problem);
    expect(called).toEqual([]);
  });

  it('says that a service is not mounted', async () => {
    await expect(call('echo', {})).rejects.toMatchObject({ code: 'discovery.not-mounted' });
  });

  it('leaves arguments to the service where nothing is known of the tool, or its schema is unusable', async () => {
    mount({ tools: [] });
    await call('any', { x: 1 });
    mount({ tools: [{ name: 'odd', inputSchema: { $ref: 'http://elsewhere' } }] });
    await call('odd', { y: 1 });
    expect(called).toEqual([
      ['any', { x: 1 }],
      ['odd', { y: 1 }],
    ]);
  });

  it('does not list what the policy refuses', () => {
    expect(service.list('weather', CALLER)).toHaveLength(2);
    const open = {
      authenticationRequired: false,
      allowedScopes: [],
      allowTools: null,
      readOnlyTools: false,
    };
    mount({ policy: { ...open, denyTools: ['sec*'], rateLimit: null } });
    expect(service.list('weather', CALLER)).toEqual([ECHO]);
  });
});

import { expect } from '@jest/globals';
import {
  becomes,
  INITIALIZE,
  MCP_HEADERS,
  type MatrixRow,
  type MatrixWorld,
} from './matrix-world.js';
import { fixture } from '../../support/gateway-process.js';

/** The label that answers under a path. */
async function labelAt(world: MatrixWorld, path: string): Promise<number | string> {
  const url = `${world.gateway.url}/mcp/${path}`;
  const opened = await fetch(url, { method: 'POST', headers: MCP_HEADERS, body: INITIALIZE });
  if (opened.status !== 200) return opened.status;
  const text = await opened.text();
  return /"version":"(\w+)"/.exec(text)?.[1] ?? text;
}

export const ROUTE_ROWS: readonly MatrixRow[] = [
  {
    field: 'network.routes[].path',
    effect: 'the service answers there too',
    observe: async (world) => {
      await world.reveal({ network: { routes: [{ path: '/mcp/maps/{region}' }] } });
      expect(await labelAt(world, 'maps/north')).toBe('v1');
      expect(await labelAt(world, 'charts/north')).toBe(404);
    },
  },
  {
    field: 'network.routes[].priority',
    effect: 'the route is taken before one that fits better',
    observe: async (world) => {
      const routesOf = (path: string, priority: number) => ({
        network: { routes: [{ path, priority }] },
      });
      const add = (path: string, priority: number, label: string) =>
        world.reveal(routesOf(path, priority), [`label=${label}`]);
      await add('/mcp/plain/{any}', 0, 'wide');
      await add('/mcp/plain/exact', 0, 'narrow');
      expect(await labelAt(world, 'plain/exact')).toBe('narrow');
      await add('/mcp/first/{any}', 5, 'wide');
      await add('/mcp/first/exact', 0, 'narrow');
      expect(await labelAt(world, 'first/exact')).toBe('wide');
    },
  },
  {
    field: 'network.routes[].version',
    effect: 'the older version answers there after an update',
    observe: async (world) => {
      const routesOf = [{ path: '/mcp/older', version: '1.0.0' }, { path: '/mcp/newest' }];
      const service = await world.reveal({ network: { routes: routesOf } });
      const args = [fixture('revealing-server.mjs'), 'label=v2'];
      const updated = await service.update({ runtime: { args } }, { version: '2.0.0' });
      expect(updated.status).toBe(200);
      await becomes('the new one', async () => (await labelAt(world, 'newest')) === 'v2');
      await becomes('the old one', async () => (await labelAt(world, 'older')) === 'v1');
    },
  },
];

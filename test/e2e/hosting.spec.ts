import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess, fixture } from '../support/gateway-process.js';
import { ListeningServer } from '../support/listening-server.js';
import { connectHttp, connectSse, textOf } from '../support/mcp-clients.js';

const modules = join(import.meta.dirname, '..', '..', 'node_modules', '@modelcontextprotocol');
const EVERYTHING = join(modules, 'server-everything', 'dist', 'index.js');
const FILESYSTEM = join(modules, 'server-filesystem', 'dist', 'index.js');
const echoCheck = {
  checks: [
    {
      kind: 'functional',
      tool: 'echo',
      arguments: { message: 'hi' },
      assert: [{ contains: 'hi' }],
    },
  ],
};

let gateway: GatewayProcess;
let remoteHttp: ListeningServer;
let remoteSse: ListeningServer;
let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'switchyard-files-')));
  writeFileSync(join(folder, 'note.txt'), 'a note');
  [gateway, remoteHttp, remoteSse] = await Promise.all([
    GatewayProcess.start(),
    ListeningServer.start(EVERYTHING, ['streamableHttp']),
    ListeningServer.start(EVERYTHING, ['sse']),
  ]);
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await remoteHttp.stop();
  await remoteSse.stop();
}, 30_000);

const hostings = (): Record<string, object> => ({
  'stdio, spawned': {
    hosting_mode: 'stdio',
    config: { runtime: { command: 'node', args: [EVERYTHING] }, monitoring: echoCheck },
  },
  'stdio, spawned, shared': {
    hosting_mode: 'stdio',
    config: {
      runtime: { command: 'node', args: [EVERYTHING], isolation: 'shared' },
      monitoring: echoCheck,
    },
  },
  'streamable_http, spawned': {
    hosting_mode: 'streamable_http',
    config: {
      runtime: { command: 'node', args: [EVERYTHING, 'streamableHttp'] },
      monitoring: echoCheck,
    },
  },
  'sse, spawned': {
    hosting_mode: 'sse',
    config: { runtime: { command: 'node', args: [EVERYTHING, 'sse'] }, monitoring: echoCheck },
  },
  'streamable_http, remote': {
    hosting_mode: 'streamable_http',
    config: {
      network: { url: `http://127.0.0.1:${remoteHttp.port}/mcp` },
      monitoring: echoCheck,
    },
  },
  'sse, remote': {
    hosting_mode: 'sse',
    config: { network: { url: `http://127.0.0.1:${remoteSse.port}/sse` }, monitoring: echoCheck },
  },
});

const cases = ['function', 'executable'].flatMap((type) =>
  [
    'stdio, spawned',
    'stdio, spawned, shared',
    'streamable_http, spawned',
    'sse, spawned',
    'streamable_http, remote',
    'sse, remote',
  ].map((hosting, index) => ({ type, hosting, name: `${type}-${index}` })),
);

describe('the everything server', () => {
  it.each(cases)(
    'as $type over $hosting is proven, mounted and serves clients of both transports',
    async ({ type, hosting, name }) => {
      const registered = await gateway.register({ name, type, ...hostings()[hosting] });
      expect(registered.body).toMatchObject({ state: 'active', status: 'active' });
      expect(registered.status).toBe(201);
      expect(registered.body.proof).toMatchObject({ level: 'executed', tool: 'echo', revision: 1 });

      for (const connect of [connectHttp, connectSse]) {
        const endpoint = connect === connectHttp ? 'streamable_http' : 'sse';
        const client = await connect(registered.body.endpoints[endpoint]);
        const { tools } = await client.listTools();
        expect(tools.map((tool) => tool.name)).toContain('get-sum');
        const sum = await client.callTool({ name: 'get-sum', arguments: { a: 20, b: 22 } });
        expect(textOf(sum)).toContain('42');
        await client.close();
      }

      const rest = await gateway.request('POST', `/api/v1/services/${name}/tools/get-sum`, {
        a: 1,
        b: 2,
      });
      expect(rest.status).toBe(200);
      expect(JSON.stringify(rest.body)).toContain('3');
    },
    60_000,
  );
});

describe('other real servers', () => {
  it('the filesystem server is proven by a derived read-only probe and reads a real file', async () => {
    const { status, body } = await gateway.register({
      name: 'files',
      config: { runtime: { command: 'node', args: [FILESYSTEM, folder] } },
    });
    expect(status).toBe(201);
    expect(body.proof.level).toBe('executed');
    const client = await connectHttp(body.endpoints.streamable_http);
    const read = await client.callTool({
      name: 'read_text_file',
      arguments: { path: join(folder, 'note.txt') },
    });
    expect(textOf(read)).toBe('a note');
    await client.close();
  }, 30_000);

  it('a hand-written Python server is proven by its read-only tool', async () => {
    const { status, body } = await gateway.register({
      name: 'python',
      type: 'function',
      config: { runtime: { command: 'python3', args: [fixture('python_server.py')] } },
    });
    expect(status).toBe(201);
    expect(body.proof).toMatchObject({ level: 'executed', tool: 'add', arguments: null });
    const client = await connectHttp(body.endpoints.streamable_http);
    const sum = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
    expect(sum.structuredContent).toEqual({ sum: 5 });
    await client.close();
  }, 30_000);

  it('a server without a safe tool says honestly that it was only listed', async () => {
    const { status, body } = await gateway.register({
      name: 'unsafe-only',
      config: {
        runtime: { command: 'node', args: [fixture('knobbed-server.mjs'), 'only-unsafe'] },
      },
    });
    expect(status).toBe(201);
    expect(body.proof).toMatchObject({ level: 'listed', reason: 'NoSafeTool' });
    expect(body.proof.action).toMatch(/functional check/);
  }, 30_000);
});

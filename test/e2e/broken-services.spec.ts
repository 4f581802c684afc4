import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayProcess, eventually, fixture, freePort } from '../support/gateway-process.js';
import { descendantsOf, processesWith } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');
const functional = {
  monitoring: { checks: [{ kind: 'functional', tool: 'echo', timeout_ms: 1000 }] },
};

let gateway: GatewayProcess;
let web: Server;
let webPort: number;
let closedPort: number;

beforeAll(async () => {
  web = createServer((request, response) => {
    if (request.url === '/unauthorized') response.writeHead(401).end();
    else if (request.url === '/html')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi</p>');
    else if (request.url === '/redirect')
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    else if (request.url === '/500') response.writeHead(500).end('boom');
    else if (request.url !== '/hang') response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  webPort = (web.address() as AddressInfo).port;
  closedPort = await freePort();
  gateway = await GatewayProcess.start();
  const good = await gateway.register({
    name: 'good',
    config: { runtime: { command: 'node', args: [KNOBBED] } },
  });
  expect(good.status).toBe(201);
}, 60_000);

afterAll(async () => {
  web.closeAllConnections();
  web.close();
  await gateway.dispose();
}, 30_000);

const knobbed = (...knobs: string[]): object => ({
  runtime: { command: 'node', args: [KNOBBED, ...knobs], start_timeout_ms: 1500 },
});
const remote = (path: string): object => ({
  network: { url: `http://127.0.0.1:${webPort}${path}`, connect_timeout_ms: 1000 },
  runtime: { start_timeout_ms: 1500 },
});

interface BrokenCase {
  readonly what: string;
  readonly config: () => object;
  readonly stage: string;
  readonly code: string;
}

const failing: BrokenCase[] = [
  {
    what: 'exits at once',
    config: () => knobbed('exit-at-once'),
    stage: 'handshake',
    code: 'upstream.exited-early',
  },
  {
    what: 'hangs',
    config: () => knobbed('hang'),
    stage: 'handshake',
    code: 'upstream.handshake-timeout',
  },
  {
    what: 'prints garbage',
    config: () => knobbed('garbage'),
    stage: 'handshake',
    code: 'upstream.not-json',
  },
  {
    what: 'answers the wrong JSON',
    config: () => knobbed('wrong-json'),
    stage: 'handshake',
    code: 'upstream.not-mcp',
  },
  {
    what: 'starts too slowly',
    config: () => knobbed('slow-start=4000'),
    stage: 'handshake',
    code: 'upstream.handshake-timeout',
  },
  {
    what: 'speaks an unknown protocol version',
    config: () => knobbed('wrong-version'),
    stage: 'handshake',
    code: 'upstream.protocol-version',
  },
  {
    what: 'refuses the handshake',
    config: () => knobbed('refuse'),
    stage: 'handshake',
    code: 'upstream.handshake-refused',
  },
  {
    what: 'fails its list',
    config: () => knobbed('list-error'),
    stage: 'list',
    code: 'health.list-failed',
  },
  {
    what: 'lists a tool twice',
    config: () => knobbed('duplicate-tools'),
    stage: 'list',
    code: 'health.duplicate-tools',
  },
  {
    what: 'has a tool that errors',
    config: () => ({ ...knobbed('tool-error'), ...functional }),
    stage: 'prove',
    code: 'health.tool-error',
  },
  {
    what: 'has a tool that hangs',
    config: () => ({ ...knobbed('tool-hang'), ...functional }),
    stage: 'prove',
    code: 'health.probe-timeout',
  },
  {
    what: 'dies in a call',
    config: () => ({ ...knobbed('exit-on-call'), ...functional }),
    stage: 'prove',
    code: 'upstream.exited',
  },
  {
    what: 'has no such tool as the check names',
    config: () => ({
      ...knobbed(),
      monitoring: { checks: [{ kind: 'functional', tool: 'nope' }] },
    }),
    stage: 'prove',
    code: 'health.tool-unknown',
  },
  {
    what: 'answers otherwise than asserted',
    config: () => ({
      ...knobbed(),
      monitoring: {
        checks: [{ kind: 'functional', tool: 'echo', assert: [{ contains: 'something else' }] }],
      },
    }),
    stage: 'prove',
    code: 'health.assertion-failed',
  },
  {
    what: 'sends an enormous line',
    config: () => ({
      runtime: {
        command: 'node',
        args: [KNOBBED, 'huge-line=3000000'],
        limits: { output_line_bytes: 1_048_576 },
      },
      ...functional,
    }),
    stage: 'prove',
    code: 'upstream.line-too-long',
  },
  {
    what: 'is not reachable',
    config: () => ({ network: { url: `http://127.0.0.1:${closedPort}/mcp` } }),
    stage: 'handshake',
    code: 'upstream.connect-refused',
  },
  {
    what: 'wants credentials',
    config: () => remote('/unauthorized'),
    stage: 'handshake',
    code: 'upstream.unauthorized',
  },
  {
    what: 'is a web page',
    config: () => remote('/html'),
    stage: 'handshake',
    code: 'upstream.not-mcp',
  },
  {
    what: 'redirects',
    config: () => remote('/redirect'),
    stage: 'handshake',
    code: 'upstream.redirected',
  },
  {
    what: 'answers 500',
    config: () => remote('/500'),
    stage: 'handshake',
    code: 'upstream.http-status',
  },
  {
    what: 'never answers over HTTP',
    config: () => remote('/hang'),
    stage: 'handshake',
    code: 'upstream.handshake-timeout',
  },
  {
    what: 'has a host that does not exist',
    config: () => ({ network: { url: 'http://no-such-host.invalid/mcp' } }),
    stage: 'handshake',
    code: 'upstream.dns-failed',
  },
  {
    what: 'never opens its port',
    config: () => ({ ...knobbed('hang') }),
    stage: 'handshake',
    code: 'upstream.handshake-timeout',
  },
];

describe('a service that does not work', () => {
  it.each(failing.map((broken, index) => ({ ...broken, name: `broken-${index}` })))(
    'because it $what is refused as $code at stage $stage, and leaves one service in error',
    async ({ config, stage, code, name }) => {
      const refused = await gateway.register({ name, config: config() });
      expect(refused.body).toMatchObject({
        code: 'lifecycle.activation-failed',
        stage,
        failure_code: code,
      });
      expect(refused.status).toBe(422);
      expect(refused.body.action).toMatch(/\w+ \w+/);
      expect(refused.body.reason).toMatch(/^[A-Z][A-Za-z]+$/);

      const stored = await gateway.request('GET', `/api/v1/services/${name}`);
      expect(stored.body).toMatchObject({
        state: 'error',
        status: 'error',
        service_id: refused.body.service_id,
      });

      const again = await gateway.register({ name, config: config() });
      expect(again.status).toBe(409);
      expect(again.body).toMatchObject({
        code: 'registry.name-taken',
        service_id: refused.body.service_id,
      });
      const removed = await gateway.request('DELETE', `/api/v1/services/${name}`, undefined, {
        'if-match': stored.headers.get('etag') ?? '',
      });
      expect(removed.status).toBe(204);
    },
    20_000,
  );

  it('leaves nothing at all with on_failure=discard', async () => {
    const before = await gateway.request('GET', '/api/v1/services');
    const refused = await gateway.request('POST', '/api/v1/services?on_failure=discard', {
      name: 'gone',
      config: knobbed('exit-at-once'),
    });
    expect(refused.status).toBe(422);
    expect((await gateway.request('GET', '/api/v1/services/gone')).status).toBe(404);
    expect((await gateway.request('GET', '/api/v1/services')).body.total).toBe(before.body.total);
  }, 20_000);

  it('shows the last lines the process wrote to stderr', async () => {
    const refused = await gateway.request('POST', '/api/v1/services?on_failure=discard', {
      name: 'gone',
      config: knobbed('exit-at-once'),
    });
    expect(refused.body.stderr.join('\n')).toContain('cannot find module "left-pad"');
  }, 20_000);
});

const refusedBeforeStart: { what: string; spec: object; status: number; code: string }[] = [
  {
    what: 'a missing binary',
    spec: { name: 'x', config: { runtime: { command: '/usr/bin/no-such-thing' } } },
    status: 422,
    code: 'config.command-not-allowed',
  },
  {
    what: 'a command that is not allowed',
    spec: { name: 'x', config: { runtime: { command: 'bash', args: ['-c', 'id'] } } },
    status: 422,
    code: 'config.command-not-allowed',
  },
  {
    what: 'a dangerous environment',
    spec: { name: 'x', config: { runtime: { command: 'node', env: { LD_PRELOAD: '/tmp/x.so' } } } },
    status: 422,
    code: 'config.dangerous-env',
  },
  {
    what: 'a literal secret',
    spec: {
      name: 'x',
      config: {
        network: { url: 'http://127.0.0.1:9/mcp', headers: { authorization: 'Bearer abc' } },
      },
    },
    status: 422,
    code: 'config.literal-secret',
  },
  {
    what: 'a duplicate name',
    spec: { name: 'good', config: { runtime: { command: 'node' } } },
    status: 409,
    code: 'registry.name-taken',
  },
  {
    what: 'a route of another service',
    spec: {
      name: 'x',
      config: { runtime: { command: 'node' }, network: { routes: [{ path: '/mcp/good' }] } },
    },
    status: 409,
    code: 'routes.path-conflict',
  },
  {
    what: 'a URL that is none',
    spec: { name: 'x', config: { network: { url: 'ftp://example.com/' } } },
    status: 422,
    code: 'config.url-refused',
  },
  {
    what: 'a metadata address',
    spec: { name: 'x', config: { network: { url: 'http://169.254.169.254/latest' } } },
    status: 422,
    code: 'config.url-refused',
  },
  {
    what: 'a cycle',
    spec: {
      name: 'x',
      config: { runtime: { command: 'node' }, integration: { dependencies: [{ service: 'x' }] } },
    },
    status: 409,
    code: 'registry.dependency-cycle',
  },
];

describe('a service that is refused before anything starts', () => {
  it.each(refusedBeforeStart)(
    'because of $what answers $code and stores nothing',
    async ({ spec, status, code }) => {
      const answer = await gateway.register(spec);
      expect(answer.body.code).toBe(code);
      expect(answer.status).toBe(status);
      expect((await gateway.request('GET', '/api/v1/services/x')).status).toBe(404);
    },
  );

  it('reports all its errors at once, each with a pointer', async () => {
    const { status, body } = await gateway.register({
      name: 'Not A Name',
      version: 'one',
      colour: 'red',
      config: {
        runtime: { comand: 'node', warm: -1 },
        monitoring: { checks: [{ kind: 'vibes' }] },
      },
    });
    expect(status).toBe(422);
    const pointers = body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers).toEqual(
      expect.arrayContaining([
        '/name',
        '/version',
        '/colour',
        '/config/runtime/comand',
        '/config/runtime/warm',
        '/config/monitoring/checks/0/kind',
      ]),
    );
  });
});

describe('after all of them', () => {
  it('the good service still answers and no child of a broken one is left', async () => {
    const answer = await gateway.request('POST', '/api/v1/services/good/tools/echo', {
      text: 'still here',
    });
    expect(answer.status).toBe(200);
    expect((await gateway.request('GET', '/readyz')).status).toBe(200);
    await eventually(
      () =>
        processesWith(KNOBBED).filter(({ parent }) =>
          descendantsOf(gateway.pid).some(({ pid }) => pid === parent),
        ).length <= 1,
      12_000,
      'no children of broken services',
    );
  }, 20_000);
});

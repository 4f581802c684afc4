import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import type { HostingMode } from '../registry/service.js';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { runnableOf } from './service-observer.js';
import {
  buildUpstreamSpec,
  inheritedEnvironment,
  resolveValues,
  type ResolvedValues,
} from './upstream-spec.builder.js';

const runnable = (config: JsonObject, hosting_mode: HostingMode = 'stdio') =>
  runnableOf(revisionOf('id', 'weather', 2, { config, hosting_mode }));

const VALUES: ResolvedValues = {
  env: { TOKEN: 's3cret' },
  headers: { authorization: 'Bearer s3cret' },
  tls: { ca: null, cert: null, key: null },
  secrets: ['s3cret'],
};

describe('the values of a revision', () => {
  it('have every reference resolved, and what came from one is known as a secret', async () => {
    const revision = runnable({
      runtime: { env: { TOKEN: '${env:SWITCHYARD_SECRET_A}', MODE: 'fast' } },
      network: { headers: { authorization: 'Bearer ${file:/run/key}' } },
    });
    const asked: string[] = [];
    const values = await resolveValues(revision, (reference) => {
      asked.push(reference);
      return Promise.resolve(reference.startsWith('${env') ? 'alpha' : 'beta$&');
    });
    expect(values.env).toEqual({ TOKEN: 'alpha', MODE: 'fast' });
    expect(values.headers).toEqual({ authorization: 'Bearer beta$&' });
    expect(values.secrets).toEqual(['alpha', 'beta$&']);
    expect(asked).toEqual(['${env:SWITCHYARD_SECRET_A}', '${file:/run/key}']);
  });

  it('that cannot be had are refused by field and reference', async () => {
    const revision = runnable({ runtime: { env: { TOKEN: '${env:SWITCHYARD_SECRET_A}' } } });
    const refuse = () => Promise.reject(new Error('no such variable'));
    await expect(resolveValues(revision, refuse)).rejects.toMatchObject({
      code: 'secret-missing',
      message: '/runtime/env/TOKEN: ${env:SWITCHYARD_SECRET_A}: no such variable',
    });
  });
});

describe('the specification of an upstream', () => {
  it('of a command has the pinned file and an environment of its own', () => {
    const revision = runnable({ runtime: { args: ['-x'], limits: { memory_mb: 2 } } });
    const spec = buildUpstreamSpec(revision, VALUES, { PATH: '/bin', AWS_KEY: 'no' }, 'i1');
    expect(spec).toMatchObject({
      instanceId: 'i1',
      serviceName: 'weather',
      transport: 'stdio',
      shared: false,
      remote: null,
      secrets: ['s3cret'],
      limits: { memoryBytes: 2 * 1024 * 1024, lineBytes: 16 * 1024 * 1024 },
      command: {
        file: '/bin/server',
        args: ['-x'],
        env: { PATH: '/bin', TOKEN: 's3cret' },
        listen: null,
      },
    });
    expect(spec.command?.env).not.toHaveProperty('AWS_KEY');
  });

  it.each<[HostingMode, string]>([
    ['streamable_http', '/mcp'],
    ['sse', '/sse'],
  ])('of a command that listens by %s has the path %s', (hosting, path) => {
    const spec = buildUpstreamSpec(runnable({}, hosting), VALUES, {}, 'i1');
    expect(spec).toMatchObject({ shared: true, command: { listen: { port: 0, path } } });
  });

  it('of a remote server has headers, and TLS options only when some are set', () => {
    const config = { runtime: { command: null }, network: { url: 'https://x/mcp' } };
    const plain = buildUpstreamSpec(runnable(config, 'sse'), VALUES, {}, 'i1');
    expect(plain).toMatchObject({
      command: null,
      remote: {
        url: 'https://x/mcp',
        headers: VALUES.headers,
        tls: null,
        connectTimeoutMs: 5000,
        keepAlive: { idleMs: null, connections: 256 },
      },
    });
    const tls = { ...VALUES, tls: { ca: 'CA', cert: null, key: null } };
    const own = buildUpstreamSpec(runnable(config, 'sse'), tls, {}, 'i1');
    expect(own.remote?.tls).toEqual({ ca: 'CA', cert: null, key: null, rejectUnauthorized: true });
  });

  it('passes on what the service may have besides of our own environment', () => {
    const config = { security: { env_allow: ['EDITOR', 'ABSENT'] } };
    const ambient = { PATH: '/bin', EDITOR: 'ed', PAGER: 'more' };
    const spec = buildUpstreamSpec(runnable(config), VALUES, ambient, 'i1');
    expect(spec.command?.env).toEqual({ PATH: '/bin', EDITOR: 'ed', TOKEN: 's3cret' });
  });

  it('tells what it writes only where everything is to be logged', () => {
    const told = (config: JsonObject) =>
      buildUpstreamSpec(runnable(config), VALUES, {}, 'i1').tellsOutput;
    expect(told({})).toBe(false);
    expect(told({ monitoring: { log_level: 'debug' } })).toBe(true);
  });

  it('passes on only what is on the list of our own environment', () => {
    const ambient = { PATH: '/bin', LC_ALL: 'C', HTTP_PROXY: 'x', HOME: undefined };
    expect(inheritedEnvironment(ambient)).toEqual({ PATH: '/bin', LC_ALL: 'C' });
  });
});

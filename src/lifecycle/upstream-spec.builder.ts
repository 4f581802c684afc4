import { scanReferences } from '../config/secret-reference.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { CommandSpec, RemoteSpec, UpstreamSpec } from '../upstream/upstream-spec.js';
import { poolPlan, type RunnableRevision } from './pool-plan.js';

/** Our own variables that a child inherits besides what `runtime.env` sets. Proxies and credentials are not among them. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'LANGUAGE',
  'TMPDIR',
  'TZ',
  'USER',
  'SHELL',
  'NODE_EXTRA_CA_CERTS',
];
const INHERITED_PREFIX = 'LC_';

/** What references stand for, once they are resolved. It lives in memory only and is never logged. */
export interface ResolvedValues {
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  /** Every value that came from a reference. */
  readonly secrets: readonly string[];
}

export type ResolveReference = (reference: string) => Promise<string>;

/** Resolves what a revision refers to. Rejects with `secret-missing`, naming the field and the reference, never a value. */
export async function resolveValues(
  revision: RunnableRevision,
  resolve: ResolveReference,
): Promise<ResolvedValues> {
  const secrets = new Set<string>();
  const fill = async (pointer: string, text: string): Promise<string> => {
    let filled = text;
    for (const reference of new Set(scanReferences(text).references.map((one) => one.text))) {
      const value = await resolve(reference).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : 'it could not be read';
        const named = why.includes(reference) ? why : `${reference}: ${why}`;
        throw new UpstreamError('secret-missing', `${pointer}: ${named}`, { cause });
      });
      if (value !== '') secrets.add(value);
      filled = filled.replaceAll(reference, () => value);
    }
    return filled;
  };
  const fillAll = async (pointer: string, values: Readonly<Record<string, string>>) => {
    const filled: Record<string, string> = {};
    for (const [name, text] of Object.entries(values)) {
      filled[name] = await fill(`${pointer}/${name}`, text);
    }
    return filled;
  };
  const fillOne = async (pointer: string, text: string | null) =>
    text === null ? null : await fill(pointer, text);

  const { runtime, network } = revision.effective;
  return {
    env: await fillAll('/runtime/env', runtime.env),
    headers: await fillAll('/network/headers', network.headers),
    tls: {
      ca: await fillOne('/network/tls/ca', network.tls.ca),
      cert: await fillOne('/network/tls/cert', network.tls.cert),
      key: await fillOne('/network/tls/key', network.tls.key),
    },
    secrets: [...secrets],
  };
}

/** Everything needed to start one upstream of a revision. `ambient` is the gateway's own environment. */
export function buildUpstreamSpec(
  revision: RunnableRevision,
  values: ResolvedValues,
  ambient: Readonly<Record<string, string | undefined>>,
  instanceId: string,
): UpstreamSpec {
  const { limits, max_instances, start_timeout_ms } = revision.effective.runtime;
  const { log_level } = revision.effective.monitoring;
  return {
    instanceId,
    serviceName: revision.name,
    transport: revision.hosting_mode,
    shared: poolPlan(revision).kind === 'shared',
    command: commandOf(revision, values, ambient),
    remote: remoteOf(revision, values),
    limits: {
      memoryBytes: limits.memory_mb === null ? null : limits.memory_mb * 1024 * 1024,
      processes: limits.processes,
      openFiles: limits.open_files,
      lineBytes: limits.output_line_bytes,
    },
    startTimeoutMs: start_timeout_ms,
    secrets: values.secrets,
    tellsOutput: log_level === 'debug',
    alone: max_instances === 1,
  };
}

/** The allow-listed part of our own environment, with what a service may have besides. */
export function inheritedEnvironment(
  ambient: Readonly<Record<string, string | undefined>>,
  besides: readonly string[] = [],
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(ambient)) {
    const listed =
      INHERITED.includes(name) || name.startsWith(INHERITED_PREFIX) || besides.includes(name);
    if (listed && value !== undefined) inherited[name] = value;
  }
  return inherited;
}

function commandOf(
  revision: RunnableRevision,
  values: ResolvedValues,
  ambient: Readonly<Record<string, string | undefined>>,
): CommandSpec | null {
  const { runtime, network, security } = revision.effective;
  if (runtime.command === null) return null;
  const listens = revision.hosting_mode !== 'stdio';
  const path = network.path ?? (revision.hosting_mode === 'sse' ? '/sse' : '/mcp');
  return {
    file: revision.command_file ?? runtime.command,
    args: runtime.args,
    env: { ...inheritedEnvironment(ambient, security.env_allow), ...values.env },
    cwd: runtime.cwd,
    listen: listens ? { port: network.port, path } : null,
  };
}

function remoteOf(revision: RunnableRevision, values: ResolvedValues): RemoteSpec | null {
  const { network, runtime } = revision.effective;
  if (runtime.command !== null || network.url === null) return null;
  const { ca, cert, key } = values.tls;
  const rejectUnauthorized = network.tls.reject_unauthorized;
  const plain = ca === null && cert === null && key === null && rejectUnauthorized;
  return {
    url: network.url,
    headers: values.headers,
    connectTimeoutMs: network.connect_timeout_ms,
    tls: plain ? null : { ca, cert, key, rejectUnauthorized },
    keepAlive: {
      idleMs: network.keep_alive.idle_ms,
      connections: network.keep_alive.connections,
    },
  };
}

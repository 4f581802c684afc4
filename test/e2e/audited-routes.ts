import type { GatewayProcess, Json } from '../support/gateway-process.js';
import { fixture } from '../support/gateway-process.js';

/** One request to be made of an operation of the management API. */
export interface Ask {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What earlier requests left for later ones. */
export interface World {
  readonly gateway: GatewayProcess;
  readonly kept: Map<string, string>;
}

type Recipe = (world: World) => Ask | Promise<Ask>;

/** How each mutating operation is made to fail and to succeed. */
export interface AuditedRoute {
  readonly fails: Recipe;
  /** A text says why it is not tried here. */
  readonly succeeds: Recipe | string;
  /** Remembers what the next requests need of a good answer. */
  readonly keeps?: (answer: Json, world: World) => void;
}

const V1 = '/api/v1';
const ANY = { 'if-match': '*' };
const NOBODY = '00000000-0000-4000-8000-000000000000';
const TEMPLATE = { template_id: 'audited', extends: 'executable_service' };

export const upstream = (label: string): object => ({
  command: 'node',
  args: [fixture('knobbed-server.mjs'), `label=${label}`],
  isolation: 'shared',
});

const spec = (name: string, label = 'v1'): object => ({
  name,
  config: { runtime: upstream(label) },
});

const ask =
  (path: string, body?: unknown, headers?: Ask['headers']): Recipe =>
  () => ({ path: V1 + path, body, headers });

async function etagOf({ gateway }: World, path: string): Promise<{ 'if-match': string }> {
  const { headers } = await gateway.request('GET', V1 + path);
  return { 'if-match': headers.get('etag') ?? '' };
}

/** Fails at a service that does not exist, succeeds at `main`. */
const command = (verb: string, body?: unknown): AuditedRoute => ({
  fails: ask(`/services/nobody/${verb}`, body),
  succeeds: ask(`/services/main/${verb}`, body),
});

const onAlert = (verb: string): AuditedRoute => ({
  fails: ask(`/alerts/${NOBODY}/${verb}`, {}),
  succeeds: 'needs an alert that fires: one commit, as test/transcripts/alerts shows',
});

/**
 * Every operation of the OpenAPI document that is not a GET, in the order in which they are tried. The test fails for one
 * that is missing here. Tool calls and `/mcp` are the data plane: there only denials are recorded.
 */
export const AUDITED_ROUTES: Readonly<Record<string, AuditedRoute>> = {
  'POST /api/v1/services': {
    fails: ask('/services', { name: 'Not A Name' }),
    succeeds: ask('/services', spec('second')),
  },
  'PUT /api/v1/services/{id}': {
    fails: ask('/services/second', spec('second')),
    succeeds: async (world) => ({
      path: `${V1}/services/second`,
      body: spec('second', 'v2'),
      headers: await etagOf(world, '/services/second'),
    }),
  },
  'PATCH /api/v1/services/{id}': {
    fails: ask('/services/second', { colour: 'red' }, ANY),
    succeeds: ask('/services/second', { title: 'Second' }, ANY),
  },
  'POST /api/v1/services/{id}/rollback': {
    fails: ask('/services/second/rollback', { revision: 99 }),
    succeeds: ask('/services/second/rollback', { revision: 1 }),
  },
  'PATCH /api/v1/services/{id}/revisions/{revision}': {
    fails: ask('/services/second/revisions/99', { pinned: true }),
    succeeds: ask('/services/second/revisions/1', { pinned: true }),
  },
  'POST /api/v1/services/{id}/drift': {
    fails: ask('/services/second/drift', { action: 'revert' }),
    succeeds: 'needs a file edited by hand before a start: see test/e2e/versions',
  },
  'POST /api/v1/services/{id}/validate': command('validate'),
  'POST /api/v1/services/{id}/restart': command('restart'),
  'POST /api/v1/services/{id}/health/check': command('health/check'),
  'POST /api/v1/services/{id}/tool-pins/approve': {
    fails: ask('/services/main/tool-pins/approve', { hash: 'x' }),
    succeeds: async ({ gateway }) => {
      const { body } = await gateway.request('GET', `${V1}/services/main/tool-pins`);
      return {
        path: `${V1}/services/main/tool-pins/approve`,
        body: { hash: body.present_hash },
      };
    },
  },
  'POST /api/v1/services/{id}/deactivate': command('deactivate'),
  'POST /api/v1/services/{id}/activate': command('activate'),
  'POST /api/v1/routes/validate': {
    fails: ask('/routes/validate', { routes: 'none' }),
    succeeds: ask('/routes/validate', { name: 'third', routes: [{ path: '/mcp/third' }] }),
  },
  'POST /api/v1/routes': {
    fails: ask('/routes', { service: 'main', path: '/elsewhere' }),
    succeeds: ask('/routes', { service: 'main', path: '/mcp/audited-route' }),
    keeps: (answer, { kept }) => kept.set('route', answer.route_id),
  },
  'DELETE /api/v1/routes/{route_id}': {
    fails: ask(`/routes/${NOBODY}`, undefined, ANY),
    succeeds: ({ kept }) => ({ path: `${V1}/routes/${kept.get('route')}`, headers: ANY }),
  },
  'POST /api/v1/templates': {
    fails: ask('/templates', { template_id: 'Bad Name' }),
    succeeds: ask('/templates', { ...TEMPLATE, config: { runtime: { max_in_flight: 4 } } }),
  },
  'PUT /api/v1/templates/{id}': {
    fails: ask('/templates/audited', TEMPLATE),
    succeeds: ask(
      '/templates/audited',
      { ...TEMPLATE, config: { runtime: { max_in_flight: 5 } } },
      ANY,
    ),
  },
  'POST /api/v1/templates/{id}/rollout': {
    fails: ask('/templates/nobody/rollout', {}),
    succeeds: ask('/templates/audited/rollout', {}),
  },
  'POST /api/v1/template-rollouts/{id}/cancel': {
    fails: ask(`/template-rollouts/${NOBODY}/cancel`),
    succeeds:
      'needs a rollout that takes its time: see src/registration/template-rollouts.service.spec.ts',
  },
  'DELETE /api/v1/templates/{id}': {
    fails: ask('/templates/executable_service', undefined, ANY),
    succeeds: ask('/templates/audited', undefined, ANY),
  },
  'POST /api/v1/alerts/test': {
    fails: ask('/alerts/test', { receiver: 'nobody' }),
    succeeds:
      'needs a receiver on the network: it commits nothing and is recorded as any other such request',
  },
  'POST /api/v1/alerts/{alert_id}/acknowledge': onAlert('acknowledge'),
  'POST /api/v1/alerts/{alert_id}/unacknowledge': onAlert('unacknowledge'),
  'POST /api/v1/alerts/deliveries/{delivery_id}/resend': {
    fails: ask(`/alerts/deliveries/${NOBODY}/resend`),
    succeeds: 'needs a dead notification: one commit, as test/transcripts/alerts shows',
  },
  'DELETE /api/v1/alerts/deliveries/{delivery_id}': {
    fails: ask(`/alerts/deliveries/${NOBODY}`),
    succeeds: 'needs a dead notification: one commit, as test/transcripts/alerts shows',
  },
  'POST /api/v1/hooks/wrapper-generated': {
    fails: ask('/hooks/wrapper-generated', { name: 'hooked' }),
    succeeds: ask('/hooks/wrapper-generated', {
      script_id: '3f0c2f6e-4d6a-4b6e-9a51-0d7a1c2b3e4f',
      name: 'hooked',
      type: 'function',
      hosting_mode: 'stdio',
      wrapper: { command: 'node', args: [fixture('knobbed-server.mjs')] },
    }),
  },
  'POST /api/v1/import': {
    fails: ask('/import?dry_run=true', { nothing: true }),
    succeeds: async ({ gateway }) => {
      const { body: bundle } = await gateway.request('GET', `${V1}/export`);
      bundle.services = bundle.services.map((one: Json) => ({
        ...one,
        spec: { ...one.spec, title: 'Imported' },
      }));
      const options = 'conflict=overwrite';
      const path = `${V1}/import?dry_run=true&${options}`;
      const { body: plan } = await gateway.request('POST', path, bundle);
      return { path: `${V1}/import?plan_hash=${plan.plan_hash}&${options}`, body: bundle };
    },
  },
  'POST /api/v1/backups': {
    // It takes no body that could be wrong; turned away at the door it is as much a failure.
    fails: ask('/backups', 'text', { 'content-type': 'text/plain' }),
    succeeds: ask('/backups'),
    keeps: (answer, { kept }) => kept.set('backup', answer.backup_id),
  },
  'POST /api/v1/backups/{backup_id}/verify': {
    fails: ask(`/backups/${NOBODY}/verify`),
    succeeds: ({ kept }) => ({ path: `${V1}/backups/${kept.get('backup')}/verify` }),
  },
  'POST /api/v1/backups/{backup_id}/restore': {
    fails: ask(`/backups/${NOBODY}/restore`),
    succeeds: ({ kept }) => ({ path: `${V1}/backups/${kept.get('backup')}/restore` }),
  },
  'DELETE /api/v1/backups/{backup_id}': {
    fails: ask(`/backups/${NOBODY}`),
    succeeds: ({ kept }) => ({ path: `${V1}/backups/${kept.get('backup')}` }),
  },
  'DELETE /api/v1/services/{id}': {
    fails: ask('/services/second'),
    succeeds: ask('/services/second', undefined, ANY),
  },
  'POST /api/v1/services/{id}/restore': {
    fails: ask('/services/main/restore'),
    succeeds: ask('/services/second/restore'),
  },
};

/** Operations of the data plane: nothing but denials. */
export const DATA_PLANE = /^(POST \/api\/v1\/services\/\{id\}\/tools\/\{tool\}|[A-Z]+ \/mcp\/.*)$/;

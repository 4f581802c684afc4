import fc from 'fast-check';
import type { BundleRoute, BundleService, BundleTemplate } from '../../../src/bundles/bundle.js';
import type { JsonObject } from '../../../src/kernel/json.js';

/** Bundles as a gateway may hold them: valid, and with every text that a format could stumble over. */
export interface GeneratedBundle {
  readonly bundle_version: '1.0';
  readonly services: readonly BundleService[];
  readonly templates: readonly BundleTemplate[];
}

const NAMES = ['a', 'b-1', 'weather', 'zeta', '007', 'null', 'yes', 'true', '1e3', 'n'];
const TEMPLATE_IDS = ['team', 'on', '12'];
const ODD = [
  '',
  ' ',
  'yes',
  'No',
  '~',
  'null',
  '0x1f',
  '1_000',
  '12:30:45',
  '- a',
  'a: b',
  '# no comment',
  '"',
  "it's",
  '{',
  '&x',
  '*x',
  '!tag',
  '%',
  '@',
  '`',
  '<<',
  '=',
  'a\nb',
  'a\n\n b\n',
  '  lead',
  'trail  ',
  '\t',
  '\r\n',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u0000',
  '\ud800',
  '日本語',
  '😀',
  '---',
  '...',
  '|',
  '>',
  '?',
  ': ',
  'x'.repeat(200),
];

const text = fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 12, unit: 'binary' }));
const line = text
  .map((one) => one.replaceAll(/[\u0000-\u001f\u007f]/g, ''))
  .filter((one) => one !== '');
const anyJson = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).map((value) => {
  const clean = JSON.parse(JSON.stringify(value).replaceAll('"__proto__"', '"proto"')) as never;
  return clean as JsonObject[string];
});
const orNull = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null });

const fragment = fc
  .record({
    args: fc.array(
      text.map((one) => one.replaceAll('\u0000', '')),
      { maxLength: 3 },
    ),
    env: fc.dictionary(fc.constantFrom('MODE', 'REGION', 'LANG_X'), line, { maxKeys: 2 }),
    owner: fc.dictionary(fc.constantFrom('acme', '10', '9', 'z'), anyJson, { maxKeys: 3 }),
    overlay: fc.boolean(),
  })
  .map(({ args, env, owner, overlay }): JsonObject => ({
    runtime: { args, env: literal(env) },
    extensions: owner,
    ...(overlay ? { overlays: { prod: { runtime: { args: ['--prod'] } } } } : {}),
  }));

/** References and bare `$` are grammar of their own in `runtime.env`. */
function literal(env: Record<string, string>): JsonObject {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, value.replaceAll('$', 's')]),
  );
}

const route = fc.record({
  route_id: fc.uuid({ version: 4 }),
  priority: fc.integer({ min: -3, max: 3 }),
  version: fc.constant(null),
  description: orNull(line),
  path: fc.constantFrom('x', 'y', '{id}', 'z/*'),
});

const service = fc.record({
  service_id: fc.uuid({ version: 4 }),
  desired: fc.constantFrom('draft' as const, 'active' as const, 'inactive' as const),
  former: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }),
  routes: fc.uniqueArray(route, { maxLength: 3, selector: (one) => `${one.path} ${one.priority}` }),
  title: orNull(line.map((one) => one.slice(0, 100))),
  description: orNull(text),
  owner: orNull(line.map((one) => one.slice(0, 100))),
  tags: fc.uniqueArray(
    line.map((one) => one.slice(0, 60)),
    { maxLength: 3 },
  ),
  script_id: orNull(fc.uuid({ version: 4 })),
  version: fc.constantFrom('1.0.0', '0.1.0-rc.1', '10.20.30'),
  needs: fc.integer({ min: 0, max: 4 }),
  template: fc.option(fc.nat(), { nil: null }),
  config: fragment,
});

const template = fc.record({
  title: line.map((one) => one.slice(0, 100)),
  description: text,
  config: fragment,
});

export const generatedBundle: fc.Arbitrary<GeneratedBundle> = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 5 }),
    services: fc.array(service, { minLength: 5, maxLength: 5 }),
    templates: fc.array(template, { maxLength: 4 }),
  })
  .map(({ names, services, templates }) => {
    const revisions = templates.map((one, index): BundleTemplate => {
      const { overlays = {}, ...config } = one.config;
      return {
        template_id: TEMPLATE_IDS[index % TEMPLATE_IDS.length] ?? 'team',
        revision: 1 + Math.floor(index / TEMPLATE_IDS.length) * 4,
        title: one.title,
        description: one.description,
        extends: index % 2 === 0 ? 'executable_service@1' : `${TEMPLATE_IDS[index - 1] ?? ''}@1`,
        config,
        overlays: overlays as JsonObject,
      };
    });
    const made = names.map((name, index) => {
      const one = services[index];
      return one === undefined ? [] : [serviceOf(name, one, names.slice(0, index), revisions)];
    });
    return { bundle_version: '1.0', services: made.flat(), templates: revisions };
  });

type Drawn = typeof service extends fc.Arbitrary<infer T> ? T : never;

function serviceOf(
  name: string,
  drawn: Drawn,
  before: readonly string[],
  templates: readonly BundleTemplate[],
): BundleService {
  const { title, description, owner, tags, script_id, version, config } = drawn;
  const chosen = templates[(drawn.template ?? 0) % Math.max(1, templates.length)];
  const isOwn = drawn.template !== null && chosen !== undefined;
  const dependencies = before.slice(0, drawn.needs).map((one) => ({ service: one }));
  const runtime = { ...(config['runtime'] as JsonObject), command: 'npx' };
  return {
    service_id: drawn.service_id,
    desired: drawn.desired,
    former_names: drawn.former.map((one) => `${name}-old-${String(one)}`).sort(),
    routes: drawn.routes.map((one): BundleRoute => ({ ...one, path: `/mcp/${name}/${one.path}` })),
    spec: {
      name,
      title,
      description,
      type: 'executable',
      hosting_mode: 'stdio',
      script_id,
      version,
      tags,
      owner,
      extends: isOwn ? `${chosen.template_id}@${String(chosen.revision)}` : 'executable_service@1',
      config: { ...config, runtime, integration: { dependencies } },
    },
  };
}

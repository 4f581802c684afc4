import type { JsonObject } from '../../src/kernel/json.js';
import type { UpstreamErrorCode } from '../../src/upstream/upstream.errors.js';
import { CONTEXT, type FakeSpec } from './fake-registry.js';
import { LifecycleWorld } from './lifecycle-world.js';

/**
 * A transcript is text: `# …` comments, `> command` lines, and below each command what it makes happen. `replay` runs the
 * commands and answers the text as it should be. Commands are those of `COMMANDS`; options are words such as `shared`,
 * `remote`, `warm=1`, `needs=geo`.
 */
export async function replay(text: string): Promise<string> {
  const world = new LifecycleWorld();
  await world.open();
  const out: string[] = [];
  try {
    for (const line of text.split('\n')) {
      if (line.startsWith('#') || (line === '' && out.at(-1) !== '')) out.push(line);
      if (!line.startsWith('> ')) continue;
      out.push(line, ...(await run(world, line.slice(2))));
    }
  } finally {
    await world.lifecycle.stop();
  }
  while (out.at(-1) === '') out.pop();
  return `${out.join('\n')}\n`;
}

async function run(world: LifecycleWorld, line: string): Promise<string[]> {
  const [name = '', ...words] = line.split(' ').filter((word) => word !== '');
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`unknown command: ${line}`);
  try {
    await command(world, words);
  } catch (error) {
    world.trace(`refused: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  await world.settle();
  return world.take();
}

type Command = (world: LifecycleWorld, words: readonly string[]) => void | Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  create: (world, [name = '', ...options]) => {
    const desired = options.includes('draft') ? 'draft' : 'active';
    world.registry.create(world.random.uuid(), name, specOf(options), desired);
  },
  update: (world, [name = '', ...options]) => {
    world.registry.propose(world.idOf(name), specOf(options));
  },
  activate: (world, [name = '']) => world.lifecycle.activate(world.idOf(name), CONTEXT),
  deactivate: (world, [name = '']) => world.lifecycle.deactivate(world.idOf(name), CONTEXT),
  restart: (world, [name = '']) => {
    world.lifecycle.restart(world.idOf(name));
  },
  delete: (world, [name = '']) => world.registry.setDesired(world.idOf(name), 'archived'),
  force: (world, [name = '']) => {
    world.lifecycle.expedite(world.idOf(name));
  },
  discard: (world, [name = '']) => {
    world.registry.erase(world.idOf(name));
  },
  restore: (world, [id = '']) => {
    world.registry.restore(`00000000-0000-4000-8000-${id.padStart(12, '0')}`);
  },
  validate: async (world, [name = '']) => {
    const conditions = await world.lifecycle.validate(world.idOf(name));
    for (const { type, status, reason } of conditions) world.trace(`${type}=${status} ${reason}`);
  },
  /** `upstream fails <code> [times]`, `upstream hangs`, `upstream works` */
  upstream: (world, [what = '', code = '', times]) => {
    if (what === 'works') world.maker.fail(null, 0);
    else if (what === 'hangs') world.maker.fail('hang');
    else
      world.maker.fail(code as UpstreamErrorCode, times === undefined ? Infinity : Number(times));
  },
  prove: (world, [name = '', result = 'ok']) =>
    world.prove(name, result as UpstreamErrorCode | 'ok'),
  publish: (world) => {
    world.publish();
  },
  auto: (world, words) => {
    world.autoProve = words.includes('prove');
    world.autoPublish = words.includes('publish');
  },
  /** `keep <service> [rN …]`: routes lead to these revisions. */
  keep: (world, [name = '', ...revisions]) =>
    world.keep(
      name,
      revisions.map((revision) => Number(revision.slice(1))),
    ),
  /** `fault <service> corrupt|drifted`: what the store will say of its file. */
  fault: (world, [name = '', fault]) => {
    const id = world.idOf(name);
    const found = fault === 'drifted' ? 'drifted' : 'corrupt';
    const file = `services/active/${name}.json`;
    world.registry.faults.set(id, { kind: 'service', id, fault: found, file, detail: 'it is cut' });
  },
  acquire: (world, [name = '', lease = '', purpose, revision]) => {
    const number = revision === undefined ? undefined : Number(revision.slice(1));
    world.acquire(name, lease, purpose === 'call' ? 'call' : 'session', number);
  },
  release: (world, [lease = '']) => {
    world.leases.get(lease)?.release();
  },
  crash: (world, [name, code]) => {
    const upstream = world.maker.made.find((one) => one.name === name);
    upstream?.crash((code ?? 'exited') as UpstreamErrorCode);
  },
  calls: (world, [name, count]) => {
    world.maker.made.find((one) => one.name === name)?.setInFlight(Number(count));
  },
  /** `unhealthy <service> <reason> [authentication | <code of the upstream>]` */
  unhealthy: (world, [name = '', reason = 'PingFailed', kind]) => {
    const authentication = kind === 'authentication';
    const code = authentication ? undefined : (kind as UpstreamErrorCode | undefined);
    const facts = { authentication, code };
    world.lifecycle.recordUnhealthy(world.idOf(name), reason, 'the check failed', facts);
  },
  'retry-now': (world, [name = '']) => {
    void world.lifecycle.retryNow(world.idOf(name));
  },
  advance: (world, [time = '']) => world.clock.advance(milliseconds(time)),
  reboot: (world) => world.reboot(),
  resync: async (world) => {
    const done = world.lifecycle.resync();
    await world.clock.advance(1);
    await done;
  },
  settled: async (world, [name = '', revision]) => {
    const number = revision === undefined ? null : Number(revision.slice(1));
    const result = await world.lifecycle.settled(world.idOf(name), number, 0);
    world.trace(
      result.done
        ? `settled: ${result.state}${result.promoted ? ' promoted' : ''} ${result.failure?.code ?? ''}`.trimEnd()
        : `not settled: ${result.state}`,
    );
  },
  show: (world, [name = '']) => {
    show(world, name);
  },
};

function show(world: LifecycleWorld, name: string): void {
  const id = world.idOf(name);
  const { state, conditions, last_failure, stable_revision } = world.lifecycle.statusOf(id);
  const running = world.maker.running.map((upstream) => upstream.name).join(' ');
  world.trace(`state ${state}, stable r${String(stable_revision)}, runs ${running || 'nothing'}`);
  for (const { type, status, reason } of conditions) world.trace(`  ${type}=${status} ${reason}`);
  if (last_failure !== null) world.trace(`  failed at ${last_failure.stage}: ${last_failure.code}`);
}

function specOf(options: readonly string[]): FakeSpec {
  const runtime: JsonObject = {};
  const config: JsonObject = { runtime };
  let spec: FakeSpec = { config };
  for (const option of options) {
    const [key = '', value = ''] = option.split('=');
    if (key === 'shared') runtime['isolation'] = 'shared';
    else if (key === 'warm' || key === 'replicas') runtime[key] = Number(value);
    else if (key === 'max') runtime['max_instances'] = Number(value);
    else if (key === 'version') spec = { ...spec, version: value };
    else if (key === 'needs' || key === 'wants') {
      const dependency = { service: value, version: null, tools: [], required: key === 'needs' };
      config['integration'] = { dependencies: [dependency] };
    } else if (key === 'remote') {
      runtime['command'] = null;
      config['network'] = { url: 'http://127.0.0.1:1/mcp' };
      spec = { ...spec, hosting_mode: 'streamable_http' };
    }
  }
  return spec;
}

function milliseconds(time: string): number {
  const amount = Number.parseFloat(time);
  if (time.endsWith('ms')) return amount;
  if (time.endsWith('m')) return amount * 60_000;
  return amount * 1000;
}

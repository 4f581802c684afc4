import { LOCAL_PRINCIPAL } from '../../src/auth/local.authenticator.js';
import type { Condition } from '../../src/lifecycle/service-status.js';
import { AlertWorld } from './alert-world.js';

/**
 * As `transcript`, for alerts: `# …` comments, `> command` lines, and below each command what it makes happen, with the
 * time since the start. `=>` is a notification: receiver, webhook-id, type, alerts, and the status it was answered with.
 */
export async function replayAlerts(text: string): Promise<string> {
  const world = new AlertWorld();
  await world.open();
  const out: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || (line === '' && out.at(-1) !== '')) out.push(line);
    if (!line.startsWith('> ')) continue;
    out.push(line, ...(await run(world, line.slice(2))));
  }
  await world.alerts.stop();
  while (out.at(-1) === '') out.pop();
  return `${out.join('\n')}\n`;
}

async function run(world: AlertWorld, line: string): Promise<string[]> {
  const [name = '', ...words] = line.split(' ').filter((word) => word !== '');
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`unknown command: ${line}`);
  try {
    await command(world, words);
  } catch (error) {
    world.trace(`refused: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  return world.take();
}

type Command = (world: AlertWorld, words: readonly string[]) => void | Promise<void>;

const CALLER = { principal: LOCAL_PRINCIPAL, requestId: 'r1' };

const COMMANDS: Readonly<Record<string, Command>> = {
  /** `service <name> [needs=<name>] [hold=<intervals>] [repeat=<time>] [off] [webhook]` */
  service: (world, [name = '', ...words]) => {
    const options = optionsOf(words);
    const alerts = {
      ...(options.has('hold') ? { hold_intervals: Number(options.get('hold')) } : {}),
      ...(options.has('repeat') ? { repeat_ms: milliseconds(options.get('repeat') ?? '') } : {}),
      ...(options.has('off') ? { enabled: false } : {}),
    };
    const needs = options.has('needs') ? [options.get('needs') ?? ''] : [];
    world.register(name, { needs, alerts, webhook: options.has('webhook') });
  },
  /** `receiver <name> [min=<severity>] [services=<pattern>] [answers=<status>,…]` */
  receiver: (world, [name = '', ...words]) => {
    const options = optionsOf(words);
    const services = options.get('services');
    world.addReceiver(name, {
      min_severity: options.get('min') === 'critical' ? 'critical' : 'warning',
      services: services === undefined ? null : [services],
    });
    if (options.has('answers')) answer(world, name, options.get('answers') ?? '');
  },
  answers: (world, [name = '', statuses = '']) => {
    answer(world, name, statuses);
  },
  'no-receiver': (world, [name]) => {
    const at = world.receivers.findIndex((one) => one.name === name);
    if (at >= 0) world.receivers.splice(at, 1);
  },
  well: (world, [name = '']) => {
    world.be(name, {}, {});
  },
  sick: (world, [name = '', reason = 'PingFailed']) => {
    world.be(name, {}, { level: 'unhealthy', reason, summary: 'It does not answer.' });
  },
  degraded: (world, [name = '']) => {
    world.be(name, {}, { level: 'degraded', reason: 'AssertionFailed', summary: 'A check fails.' });
  },
  unknown: (world, [name = '']) => {
    world.setUnknown(name);
  },
  /** `error <name> <code of the failure>` */
  error: (world, [name = '', code = 'upstream.exited', loop]) => {
    const stage = code === 'lifecycle.dependency-unmet' ? 'dependencies' : 'start';
    const reason = stage === 'dependencies' ? 'DependencyUnmet' : 'Exited';
    const last_failure = { stage, code, reason, message: 'It ended.', action: '' } as never;
    const conditions = loop === 'loop' ? [condition('CrashLoopBackOff', 'true')] : [];
    const record = { level: 'unhealthy', reason, summary: 'It ended.' } as const;
    world.be(name, { state: 'error', last_failure, conditions }, record);
  },
  /** `insecure <name> block|warn` */
  insecure: (world, [name = '', kind]) => {
    const level = kind === 'block' ? 'unhealthy' : 'degraded';
    const conditions = [{ ...condition('Secure', 'false'), reason: 'ToolsChanged' }];
    world.be(
      name,
      { conditions },
      { level, reason: 'ToolsChanged', summary: 'Its tools changed.' },
    );
  },
  state: (world, [name = '', state]) => {
    world.be(name, { state: state as 'inactive' }, { level: 'unknown', reason: 'Inactive' });
  },
  remove: (world, [name = '']) => {
    world.remove(name);
  },
  store: (world, [condition]) => {
    world.store.condition = condition as 'well';
  },
  advance: (world, [time = '']) => world.advance(milliseconds(time)),
  /** `flap <name> <times> <sick for> <well for>` */
  flap: async (world, [name = '', times, sick = '', well = '']) => {
    for (let at = 0; at < Number(times); at += 1) {
      await COMMANDS['sick']?.(world, [name]);
      await world.advance(milliseconds(sick));
      await COMMANDS['well']?.(world, [name]);
      await world.advance(milliseconds(well));
    }
  },
  reboot: (world, [how]) => world.reboot(how !== 'killed'),
  ack: async (world, [name = '', rule = '', until]) => {
    const until_ms = until === undefined ? null : world.clock.now() + milliseconds(until);
    await world.alerts.acknowledge(idOf(world, name, rule), { note: 'on it', until_ms }, CALLER);
  },
  unack: async (world, [name = '', rule = '']) => {
    await world.alerts.unacknowledge(idOf(world, name, rule), CALLER);
  },
  list: (world) => {
    for (const alert of world.alerts.list({}, LOCAL_PRINCIPAL).items) {
      const { rule, name, state, severity, inhibited_by, acknowledged, flaps } = alert;
      const notes = [
        inhibited_by === null ? '' : ' inhibited',
        acknowledged === null ? '' : ` acknowledged by ${acknowledged.by}`,
        flaps === 0 ? '' : ` flaps=${String(flaps)}`,
      ];
      world.trace(`${rule}(${name}) ${severity} ${state}${notes.join('')}`);
    }
  },
  deliveries: (world) => {
    for (const one of world.alerts.deliveries({}, LOCAL_PRINCIPAL).items) {
      const { receiver, type, state, attempts, last_error } = one;
      world.trace(`${receiver} ${type} ${state} after ${String(attempts)}: ${last_error ?? '-'}`);
    }
  },
  resend: async (world, [receiver]) => {
    const { items } = world.alerts.deliveries({}, LOCAL_PRINCIPAL);
    const found = items.find((one) => one.receiver === receiver);
    await world.alerts.resend(found?.delivery_id ?? 'none', CALLER);
  },
  /** How many commits there were since this was asked last. */
  commits: (world) => {
    world.trace(`${String(world.store.commits)} commits`);
    world.store.commits = 0;
  },
};

function idOf(world: AlertWorld, service: string, rule: string): string {
  const query = { service, ...(rule === '' ? {} : { rule }) };
  return world.alerts.list(query, LOCAL_PRINCIPAL).items[0]?.alert_id ?? 'none';
}

function answer(world: AlertWorld, name: string, statuses: string): void {
  world.answers.set(name, statuses.split(',').map(Number));
}

function condition(type: Condition['type'], status: Condition['status']): Condition {
  return { type, status, reason: type, message: `${type}.`, since: '' };
}

function optionsOf(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const [key = '', value = ''] = word.split('=');
      return [key, value];
    }),
  );
}

function milliseconds(time: string): number {
  const amount = Number.parseFloat(time);
  if (time.endsWith('h')) return amount * 3_600_000;
  return time.endsWith('m') ? amount * 60_000 : amount * 1_000;
}

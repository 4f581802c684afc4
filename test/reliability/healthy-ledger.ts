import { loadavg } from 'node:os';
import type { GatewayProcess } from '../support/gateway-process.js';
import { usageOf } from '../support/process-tree.js';
import {
  restartsOf,
  type AlertsAnswer,
  type HealthAnswer,
  type HistoryAnswer,
  type InstancesAnswer,
  type ServicesAnswer,
} from './gateway-answers.js';

export interface Watched {
  readonly name: string;
}

/** Everything that was said against services that are well, and how they did. */
export class HealthLedger {
  private readonly deviations: string[] = [];
  private readonly failedChecks = new Map<string, string>();
  private readonly seen = new Set<string>();
  private readonly tookMs = new Map<string, number[]>();
  private readonly reasons = new Map<string, Map<string, number>>();
  private looks = 0;
  private lastLookMs = performance.now();
  private readonly startedMs = performance.now();

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly say: (line: string) => void,
  ) {}

  get isClean(): boolean {
    return this.deviations.length === 0;
  }

  deviation(name: string, what: string): void {
    const atS = Math.round((performance.now() - this.startedMs) / 1_000);
    const load = loadavg()[0]?.toFixed(1) ?? '';
    const line = `${String(atS)} s (load ${load}) ${name}: ${what}`;
    this.deviations.push(line);
    this.say(`DEVIATION ${line}`);
  }

  async timed(name: string, work: () => Promise<void>): Promise<void> {
    const begunMs = performance.now();
    await work();
    const times = this.tookMs.get(name) ?? [];
    this.tookMs.set(name, times);
    times.push(performance.now() - begunMs);
  }

  /** Levels, alerts and restarts as they are now; what happened in between is in the histories. */
  async look(services: readonly Watched[]): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.lastLookMs > 5_000)
      this.say(`note: nothing was looked at for ${String(Math.round(nowMs - this.lastLookMs))} ms`);
    this.lastLookMs = nowMs;
    this.looks += 1;
    const path = '/api/v1/services?limit=100';
    const { body } = await this.gateway.request<ServicesAnswer>('GET', path);
    for (const { name, health } of body.items) this.note(name, health);
    const alerts = (await this.gateway.request<AlertsAnswer>('GET', '/api/v1/alerts')).body.items;
    for (const { alert_id, name, rule, state, summary } of alerts) {
      if (this.once(`${String(alert_id)} ${String(state)}`))
        this.deviation(name, `alert ${String(rule)} ${String(state)}: ${String(summary)}`);
    }
    if (this.looks % 10 === 0) for (const { name } of services) await this.study(name);
  }

  tell(): void {
    const { rssMb } = usageOf(this.gateway.pid);
    const calls = [...this.tookMs.values()].reduce((sum, times) => sum + times.length, 0);
    const minutes = ((performance.now() - this.startedMs) / 60_000).toFixed(1);
    this.say(
      `${minutes} min: ${String(calls)} calls, ${String(this.looks)} looks, ${String(this.deviations.length)} deviations, ${String(this.failedChecks.size)} runs of checks that did not pass, resident ${rssMb.toFixed(0)} MB, load ${loadavg()
        .map((one) => one.toFixed(1))
        .join(' ')}`,
    );
  }

  async settle(services: readonly Watched[]): Promise<void> {
    for (const { name } of services) await this.study(name);
    if (this.gateway.child.exitCode !== null) this.deviation('gateway', 'it ended');
    const bad = this.gateway.logs.split('\n').filter((line) => /"level":"(error|warn)"/.test(line));
    for (const line of bad) this.deviation('gateway', `logged ${line.slice(0, 500)}`);
    this.tell();
    for (const { name } of services) this.say(this.summaryOf(name));
    for (const line of this.failedChecks.values()) this.say(`did not pass: ${line}`);
    for (const line of this.deviations) this.say(`DEVIATION ${line}`);
    this.say(this.isClean ? 'no deviation' : `${String(this.deviations.length)} deviations`);
  }

  private async study(name: string): Promise<void> {
    const path = `/api/v1/services/${name}`;
    const past = `${path}/health/history?limit=1000`;
    const history = (await this.gateway.request<HistoryAnswer>('GET', past)).body;
    for (const { at, from, to, reason, summary } of history.transitions) {
      if (to === 'healthy' || !this.once(`${name} ${String(at)} ${String(to)}`)) continue;
      this.deviation(
        name,
        `${String(from)} -> ${String(to)} at ${String(at)}: ${String(reason)}: ${String(summary)}`,
      );
    }
    for (const { check, result, at, reason, evidence } of history.results) {
      if (result !== 'fail' && result !== 'unknown') continue;
      const line = `${name} ${String(check)} at ${String(at)}: ${String(result)} ${String(reason)} ${String(evidence)}`;
      this.failedChecks.set(line, line);
    }
    const instances = `${path}/instances`;
    const { body } = await this.gateway.request<InstancesAnswer>('GET', instances);
    const restarts = restartsOf(body);
    if (restarts > 0 && this.once(`${name} restarts ${String(restarts)}`))
      this.deviation(name, `${String(restarts)} restarts`);
  }

  private note(name: string, { level, reason, summary }: HealthAnswer): void {
    const counts = this.reasons.get(name) ?? new Map<string, number>();
    this.reasons.set(name, counts);
    const seen = `${String(level)} ${String(reason)}`;
    counts.set(seen, (counts.get(seen) ?? 0) + 1);
    if (level !== 'healthy' && this.once(`${name} ${seen}`))
      this.deviation(name, `seen ${seen}: ${String(summary)}`);
  }

  private summaryOf(name: string): string {
    const times = (this.tookMs.get(name) ?? []).sort((left, right) => left - right);
    const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(0);
    const seen = [...(this.reasons.get(name) ?? [])].map(
      ([what, count]) => `${what} x ${String(count)}`,
    );
    return `${name}: ${String(times.length)} calls, ms p50 ${at(0.5)} p99 ${at(0.99)} longest ${at(0.999_999)}; seen ${seen.join(', ')}`;
  }

  private once(what: string): boolean {
    if (this.seen.has(what)) return false;
    this.seen.add(what);
    return true;
  }
}

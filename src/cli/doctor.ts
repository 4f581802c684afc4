import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { memberOf, objectsIn, renderTable, text } from './render-text.js';

/** One thing that was looked at. `action`: what to do next; empty when it is in order. */
export interface Finding {
  readonly about: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly action: string;
}

/** What the gateway said of itself. */
export interface DoctorFacts {
  /** Of this command line. */
  readonly version: string;
  readonly ready: { readonly status: number; readonly body: JsonObject | null };
  readonly system: JsonObject;
  readonly services: readonly JsonObject[];
  readonly alerts: readonly JsonObject[];
}

/** Judges a running gateway: what is not in order, and what to do about it. Pure. */
export function examine(facts: DoctorFacts): Finding[] {
  return [
    examineVersion(facts),
    examineReadiness(facts),
    examineStorage(facts.system),
    ...examineFaults(facts.system),
    examineAccess(facts.system),
    ...examineServices(facts.services),
    examineAlerts(facts.alerts),
  ];
}

export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== 'fail');
}

export function renderFindings(findings: readonly Finding[]): string {
  return findings
    .flatMap(({ about, verdict, message, action }) => [
      renderTable([[verdict.padEnd(4), about.padEnd(12), message]]),
      ...(action === '' ? [] : [`      ${''.padEnd(12)}  next: ${action}`]),
    ])
    .join('\n');
}

function finding(
  about: string,
  verdict: Finding['verdict'],
  message: string,
  action = '',
): Finding {
  return { about, verdict, message, action };
}

function examineVersion({ version, system }: DoctorFacts): Finding {
  const running = text(system['version']);
  const told = `gateway ${running} on Node ${text(system['node'])}`;
  if (running === version) return finding('version', 'ok', told);
  const advice = 'Use the command line of the same version.';
  return finding('version', 'warn', `${told}; this command line is ${version}`, advice);
}

function examineReadiness({ ready }: DoctorFacts): Finding {
  if (ready.status === 200) return finding('readiness', 'ok', 'ready for traffic');
  const checks = isJsonObject(ready.body?.['checks']) ? ready.body['checks'] : {};
  const open = Object.entries(checks).filter(([, state]) => state !== 'ok');
  const waiting = open.map(([part, state]) => `${part}: ${text(state)}`).join(', ');
  const advice = 'Wait a moment; if it stays so, look at the log of the gateway.';
  return finding('readiness', 'fail', `not ready (${waiting || text(ready.status)})`, advice);
}

function examineStorage(system: JsonObject): Finding {
  const reason = text(memberOf(system, 'storage', 'reason'));
  if (memberOf(system, 'storage', 'read_only') === true) {
    const advice = 'Mend what the reason names, then restart the gateway; nothing is lost.';
    return finding('storage', 'fail', `read-only: ${reason}`, advice);
  }
  if (memberOf(system, 'storage', 'disk_full') === true) {
    return finding('storage', 'fail', 'the disk is full', 'Free space; deletions still work.');
  }
  const revision = text(memberOf(system, 'storage', 'revision'));
  return finding('storage', 'ok', `writable, at revision ${revision}`);
}

function examineFaults(system: JsonObject): Finding[] {
  return objectsIn(memberOf(system, 'storage', 'faults')).map(({ kind, id, fault, detail }) => {
    const told = `${text(kind)} ${text(id)} is ${text(fault)}: ${text(detail)}`;
    return fault === 'drifted'
      ? finding(
          'files',
          'warn',
          told,
          `Settle it: switchyard drift ${text(id)} --action adopt|revert`,
        )
      : finding('files', 'fail', told, 'Activate the service once you have looked at it.');
  });
}

function examineAccess(system: JsonObject): Finding {
  const host = text(memberOf(system, 'settings', 'host'));
  if (memberOf(system, 'settings', 'api_keys') === true) {
    return finding('access', 'ok', `API keys are needed; it listens on ${host}`);
  }
  return finding('access', 'ok', `it listens on ${host}; local callers need no key`);
}

function examineServices(services: readonly JsonObject[]): Finding[] {
  const sick = services.flatMap((service) => {
    const level = memberOf(service, 'health', 'level');
    const verdict = level === 'unhealthy' ? 'fail' : level === 'degraded' ? 'warn' : null;
    if (verdict === null) return [];
    const told = `${text(service['name'])} is ${text(level)}: ${text(memberOf(service, 'health', 'summary'))}`;
    const action = memberOf(service, 'health', 'action');
    return [finding('service', verdict, told, typeof action === 'string' ? text(action) : '')];
  });
  const active = services.filter(({ status }) => status === 'active').length;
  const count = `${String(active)} of ${String(services.length)} services are active`;
  return [finding('services', 'ok', count), ...sick];
}

function examineAlerts(alerts: readonly JsonObject[]): Finding {
  const firing = alerts.filter(({ state }) => state === 'firing');
  if (firing.length === 0) return finding('alerts', 'ok', 'none is firing');
  const names = firing.map(({ rule, name }) => `${text(rule)} of ${text(name ?? 'the gateway')}`);
  const told = `${String(firing.length)} firing: ${names.join(', ')}`;
  return finding('alerts', 'warn', told, 'See GET /api/v1/alerts.');
}

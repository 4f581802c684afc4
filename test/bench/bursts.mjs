// Short bursts of calls, in turns over targets that all run at the same time: what the rest of the machine does hits every
// target alike, and their code is compiled before anything counts.
import { Caller, load, quantile } from './caller.mjs';
import { cpuUs, median } from './processes.mjs';

/** `targets` by name; answers the medians of the bursts by the same names. A caller is a session on its own connection. */
export async function inTurns(targets, { size, count, bursts, burstMs, warmMs }) {
  const text = 'x'.repeat(size);
  const all = [];
  for (const [name, target] of Object.entries(targets)) {
    const callers = Array.from({ length: count }, () => new Caller(target));
    for (const caller of callers) await caller.open();
    await load(callers, text, warmMs);
    all.push({ name, target, callers, seen: [] });
  }
  for (let turn = 0; turn < bursts; turn += 1) {
    for (const one of turn % 2 === 1 ? [...all].reverse() : all) {
      one.seen.push(await burst(one, text, burstMs));
    }
  }
  for (const { callers } of all) for (const caller of callers) await caller.close();
  return Object.fromEntries(all.map(({ name, seen }) => [name, mediansOf(seen)]));
}

async function burst({ target, callers }, text, forMs) {
  const before = cpuUs(target.pid);
  const from = performance.now();
  const took = await load(callers, text, forMs);
  const seconds = (performance.now() - from) / 1000;
  const us = (cpuUs(target.pid) - before) / took.length;
  return {
    us,
    rate: took.length / seconds,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
  };
}

/** Figure by figure. */
export function mediansOf(all) {
  const figures = Object.keys(all[0]);
  return Object.fromEntries(
    figures.map((figure) => [figure, median(all.map((one) => one[figure]))]),
  );
}

/** `12.3 / 15.4 (1.25 x)` */
export function compared(raw, ours, digits = 0) {
  return `${raw.toFixed(digits)} / ${ours.toFixed(digits)} (${(ours / raw).toFixed(2)} x)`;
}

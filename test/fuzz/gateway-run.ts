import { FuzzWorld, type Standing } from './world.js';

export type Attack = (world: FuzzWorld, cases: number, seed: number) => Promise<string[]>;

export interface AttackReport {
  readonly faults: readonly string[];
  readonly tookMs: number;
  readonly before: Standing | null;
  readonly after: Standing | null;
}

/** Longest wait for what the warm-up left. */
const CALM_MS = 5_000;

/** The attack on a gateway of its own, then a look at what it left there. What a first, short one leaves is usual. */
export async function atTheGateway(
  attack: Attack,
  { cases, seed, warmUp }: { cases: number; seed: number; warmUp: number },
): Promise<AttackReport> {
  const world = await FuzzWorld.start();
  try {
    const fresh = await world.standing();
    const faults = await attack(world, warmUp, seed + 1);
    await world.settled(fresh, CALM_MS);
    const before = await world.standing();
    const startedMs = performance.now();
    faults.push(...(await attack(world, cases, seed)));
    const tookMs = Math.round(performance.now() - startedMs);
    const left = await world.settled(before);
    faults.push(...left.map((fault) => `left behind: ${fault}`));
    faults.push(...world.loggedErrors().map((line) => `logged: ${line}`));
    return { faults, tookMs, before, after: await world.standing() };
  } catch (error) {
    const logs = world.gateway.logs.slice(-3_000);
    const fault = `the gateway did not hold: ${String(error)}\n${logs}`;
    return { faults: [fault], tookMs: 0, before: null, after: null };
  } finally {
    await world.stop();
  }
}

import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  /** Dead, only waiting to be reaped. */
  readonly zombie: boolean;
  /** Resident set. */
  readonly bytes: number;
  /** CPU time used since it began, in milliseconds. */
  readonly cpuMs?: number;
}

export interface GroupUse {
  readonly processes: number;
  readonly bytes: number;
  readonly cpuMs?: number;
}

/** The processes of this machine that we may look at, by `/proc`. Empty where there is none. */
export abstract class ProcessTable {
  abstract entries(): ProcessEntry[];
  abstract pids(): number[];
  /** The initial environment of a process, as `NAME=value` texts; empty when it may not be read. */
  abstract environmentOf(pid: number): string[];

  /** Living processes of a group. */
  groupUse(group: number): GroupUse {
    let processes = 0;
    let bytes = 0;
    for (const entry of this.entries()) {
      if (entry.group !== group || entry.zombie) continue;
      processes += 1;
      bytes += entry.bytes;
    }
    return { processes, bytes };
  }

  /** Processes one of whose environment entries `matches`, ourselves left out. A dead one has no environment. */
  carrying(matches: (entry: string) => boolean): number[] {
    return this.pids().filter(
      (pid) => pid !== process.pid && this.environmentOf(pid).some(matches),
    );
  }
}

/** Why 4096: the page size of every platform Node runs on with `/proc`, bar some 64 KiB ARM kernels (see `pageBytes`). */
const DEFAULT_PAGE_BYTES = 4096;
/** `/proc` counts in ticks of USER_HZ, which is 100 on every platform Node runs on with it. */
const TICK_MS = 10;

export class ProcProcessTable extends ProcessTable {
  private readonly pageBytes = pageBytes();

  override pids(): number[] {
    try {
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
    } catch {
      return [];
    }
  }

  override entries(): ProcessEntry[] {
    const found: ProcessEntry[] = [];
    for (const pid of this.pids()) {
      const entry = this.entryOf(pid);
      if (entry !== null) found.push(entry);
    }
    return found;
  }

  override environmentOf(pid: number): string[] {
    return read(`/proc/${pid}/environ`).split('\0');
  }

  private entryOf(pid: number): ProcessEntry | null {
    const text = read(`/proc/${pid}/stat`);
    // The command in parentheses may hold anything, parentheses included.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 22) return null;
    return {
      pid,
      group: Number(fields[2]),
      zombie: fields[0] === 'Z' || fields[0] === 'X',
      bytes: Number(fields[21]) * this.pageBytes,
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    };
  }
}

/** Processes come and go while they are read: what cannot be read is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** From our own two figures of the same thing: `VmRSS` in KiB and the resident pages. */
function pageBytes(): number {
  const kib = Number(/VmRSS:\s+(\d+)/.exec(read('/proc/self/status'))?.[1]);
  const pages = Number(read('/proc/self/statm').split(' ')[1]);
  const measured = (kib * 1024) / pages;
  return (
    [4096, 16_384, 65_536].find((size) => Math.abs(size - measured) < size / 4) ??
    DEFAULT_PAGE_BYTES
  );
}

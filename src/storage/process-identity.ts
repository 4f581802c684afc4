import type { FileSystem } from '../kernel/file-system.js';
import { systemCode } from './storage.errors.js';

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and start time of the process; `null` where the system does not say. */
  readonly started: string | null;
}

/** Who we are and whether another is still alive. */
export abstract class ProcessTable {
  abstract self(): Promise<ProcessIdentity>;
  abstract isAlive(identity: ProcessIdentity): Promise<boolean>;
}

/** Reads `/proc`; where there is none, a process with the same number counts as the same process. */
export class SystemProcessTable extends ProcessTable {
  constructor(private readonly fileSystem: FileSystem) {
    super();
  }

  override async self(): Promise<ProcessIdentity> {
    return { pid: process.pid, started: await this.startOf(process.pid) };
  }

  override async isAlive(identity: ProcessIdentity): Promise<boolean> {
    if (await this.hasEnded(identity.pid)) return false;
    const started = await this.startOf(identity.pid);
    if (started !== null && identity.started !== null) return started === identity.started;
    return exists(identity.pid);
  }

  /** Killed, and not yet waited for by its parent: the number is still taken, and nothing of it runs. */
  private async hasEnded(pid: number): Promise<boolean> {
    try {
      const stat = (await this.fileSystem.read(`/proc/${pid}/stat`)).toString('latin1');
      return /^ [ZXx] /.test(stat.slice(stat.lastIndexOf(')') + 1));
    } catch {
      return false;
    }
  }

  private async startOf(pid: number): Promise<string | null> {
    try {
      const stat = await this.fileSystem.read(`/proc/${pid}/stat`);
      const boot = await this.fileSystem.read('/proc/sys/kernel/random/boot_id');
      const ticks = startTicks(stat.toString('latin1'));
      return ticks === null ? null : `${boot.toString('latin1').trim()}/${ticks}`;
    } catch {
      return null;
    }
  }
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)); the name in field 2 may hold spaces and brackets. */
export function startTicks(stat: string): string | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 1).trim();
  const ticks = fields.split(' ')[19];
  return ticks !== undefined && /^\d+$/.test(ticks) ? ticks : null;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    return systemCode(error) === 'EPERM';
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { UpstreamError } from './upstream.errors.js';

export interface SpawnRequest {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  /** RLIMIT_NOFILE, set before exec; `null` = inherited. A lower hard limit of ours stands. */
  readonly openFiles: number | null;
}

/** A child in a process group of its own, whose id is the child's pid. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Hears the exit of the child itself, once. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
}

/** Seconds after which a process or a descriptor may be free again. */
const EXHAUSTED_RETRY_S = 5;

/** The one door to starting and signalling processes. */
export abstract class Spawner {
  /** Rejects with `command-missing`, `command-denied`, `capacity` (the machine's, not the service's) or `spawn-failed`. */
  abstract spawn(request: SpawnRequest): Promise<SpawnedProcess>;
  /** `false` when there is no such group any more. Signal 0 only asks. */
  abstract signalGroup(group: number, signal: NodeJS.Signals | 0): boolean;
  /** `false` when there is no such process any more. */
  abstract signalProcess(pid: number, signal: NodeJS.Signals): boolean;
}

/** Sets the limit, then becomes the command. Everything comes as arguments: nothing is put together as shell text. */
const LIMIT_OPEN_FILES = 'ulimit -n "$1" 2>/dev/null; shift; exec "$0" "$@"';

export class NodeSpawner extends Spawner {
  override async spawn(request: SpawnRequest): Promise<SpawnedProcess> {
    await this.check(request);
    const { file, args, openFiles } = request;
    const limited = openFiles !== null;
    const child = spawn(
      limited ? '/bin/sh' : file,
      limited ? ['-c', LIMIT_OPEN_FILES, file, String(openFiles), ...args] : [...args],
      {
        cwd: request.cwd ?? undefined,
        env: { ...request.env },
        // A session, and so a process group, of its own: it is signalled as a whole, and a Ctrl-C does not reach it.
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(spawnError(file, error));
      });
    });
    return wrap(child);
  }

  override signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
    return kill(-group, signal);
  }

  override signalProcess(pid: number, signal: NodeJS.Signals): boolean {
    return kill(pid, signal);
  }

  /** Why before spawn: the kernel's ENOENT does not say whether the command, its interpreter or the directory is absent. */
  private async check({ file, cwd }: SpawnRequest): Promise<void> {
    if (cwd !== null && !(await isDirectory(cwd))) {
      throw new UpstreamError('spawn-failed', `The working directory ${cwd} does not exist`);
    }
    try {
      await access(file, constants.X_OK);
    } catch (error) {
      throw spawnError(file, error as NodeJS.ErrnoException);
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

function kill(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // EPERM: it exists, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function spawnError(file: string, error: NodeJS.ErrnoException): UpstreamError {
  switch (error.code) {
    case 'ENOENT':
      return new UpstreamError('command-missing', `The command ${file} does not exist`, {
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new UpstreamError('command-denied', `The command ${file} may not be executed`, {
        cause: error,
      });
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
    case 'EAGAIN':
      return new UpstreamError(
        'capacity',
        `The gateway cannot start another process: ${error.code}`,
        {
          retryAfterS: EXHAUSTED_RETRY_S,
          cause: error,
        },
      );
    default:
      return new UpstreamError('spawn-failed', `${file} could not be started: ${error.message}`, {
        cause: error,
      });
  }
}

function wrap(child: ChildProcess): SpawnedProcess {
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined || stdin === null || stdout === null || stderr === null) {
    throw new UpstreamError('spawn-failed', 'The child has no pipes');
  }
  return {
    pid,
    stdin,
    stdout,
    stderr,
    onExit(listener) {
      if (child.exitCode !== null || child.signalCode !== null) {
        listener(child.exitCode, child.signalCode);
      } else {
        child.once('exit', listener);
      }
    },
  };
}

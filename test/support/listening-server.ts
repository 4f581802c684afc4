import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { eventually, freePort } from './gateway-process.js';

/** A server process of somebody else's that listens on a loopback port, as a remote upstream is. */
export class ListeningServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** Runs `node <script> <args>` with `PORT` set and waits until the port accepts. */
  static async start(
    script: string,
    args: readonly string[] = [],
    port?: number,
  ): Promise<ListeningServer> {
    const chosen = port ?? (await freePort());
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, PORT: String(chosen) },
      stdio: 'ignore',
    });
    await eventually(() => accepts(chosen), 15_000, `${script} listening`);
    return new ListeningServer(child, chosen);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGKILL');
      await gone;
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

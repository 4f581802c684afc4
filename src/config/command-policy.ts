import { posix } from 'node:path';
import { configProblems } from './config.errors.js';
import { isUnder } from './config-policy.js';
import type { PathResolver } from './path-resolver.js';

/**
 * Which commands may be started. An entry of the allow-list is a bare name found on the PATH, an absolute path, or a
 * directory ending in `/`. Paths are compared without links, so that a link cannot lead out of what is allowed.
 */
export class CommandPolicy {
  constructor(
    private readonly allowed: readonly string[],
    private readonly searchPath: string,
    private readonly paths: PathResolver,
  ) {}

  /**
   * The real, absolute path of an allowed command. Throws `config.command-not-allowed` or `config.command-missing`.
   * Not cached: what a name resolves to may change, and a revision pins what it was.
   */
  async resolve(command: string): Promise<string> {
    if (command.includes('/')) return this.resolvePath(command);
    const found = await this.findOnPath(command);
    if (this.allowed.includes(command)) {
      if (found !== null) return found;
      throw configProblems['command-missing'](
        `"${command}" is not on the PATH of the gateway, or may not be executed.`,
      );
    }
    if (found !== null && (await this.isAllowedFile(found))) return found;
    throw this.refusal(command);
  }

  private async resolvePath(command: string): Promise<string> {
    if (!command.startsWith('/')) throw this.refusal(command);
    const real = await this.paths.realPath(command);
    if (real !== null && !(await this.isAllowedFile(real))) throw this.refusal(command);
    if (real === null || !(await this.paths.isExecutable(real))) {
      // A path that is not allowed is refused whether or not it exists: the answer is no oracle of files.
      if (!this.isListed(command)) throw this.refusal(command);
      throw configProblems['command-missing'](`"${command}" is not a file that may be executed.`);
    }
    return real;
  }

  /** `real` has no links. */
  private async isAllowedFile(real: string): Promise<boolean> {
    for (const entry of this.allowed) {
      const target = entry.includes('/')
        ? await this.paths.realPath(entry)
        : await this.findOnPath(entry);
      if (target === null) continue;
      if (entry.endsWith('/') ? isUnder([target], real) : target === real) return true;
    }
    return false;
  }

  /** Whether the text of a path is on the list, though nothing is there. */
  private isListed(command: string): boolean {
    const plain = posix.normalize(command);
    const directories = this.allowed.filter((entry) => entry.endsWith('/'));
    return this.allowed.includes(plain) || isUnder(directories, plain);
  }

  private async findOnPath(name: string): Promise<string | null> {
    for (const directory of this.searchPath.split(':')) {
      // Why not relative entries: what they find depends on where the gateway was started.
      if (!directory.startsWith('/')) continue;
      const candidate = posix.join(directory, name);
      if (await this.paths.isExecutable(candidate)) return this.paths.realPath(candidate);
    }
    return null;
  }

  private refusal(command: string): Error {
    const list = this.allowed.length === 0 ? 'none' : this.allowed.join(', ');
    return configProblems['command-not-allowed'](
      `"${command.slice(0, 200)}" is not among the commands allowed here: ${list}.`,
    );
  }
}

import type { FileSystem } from '../kernel/file-system.js';
import { configProblems } from './config.errors.js';
import { isUnder, maySecretEnv, type ConfigPolicy } from './config-policy.js';
import type { PathResolver } from './path-resolver.js';
import { looksReferring, replaceReferences, type SecretReference } from './secret-reference.js';

/** Bytes of the largest secret file. */
export const MAX_SECRET_BYTES = 64 * 1024;

/**
 * Turns references into secrets, when an upstream starts. Invariant: what it answers is never stored, logged or shown; a
 * reference that may not be read is refused here too, as the settings may have changed since it was validated.
 */
export class SecretResolver {
  constructor(
    private readonly policy: Pick<ConfigPolicy, 'secretEnv' | 'secretDirs'>,
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly files: FileSystem,
    private readonly paths: PathResolver,
  ) {}

  /**
   * `text` with each `${env:NAME}` and `${file:/path}` replaced. One line break at the end of a file is not part of the
   * secret. Throws `config.secret-denied` or `config.secret-missing`, which name the reference and never the value.
   */
  async resolve(text: string): Promise<string> {
    if (!looksReferring(text)) return text;
    return replaceReferences(text, (reference) => this.valueOf(reference));
  }

  private valueOf(reference: SecretReference): Promise<string> {
    return reference.source === 'env'
      ? Promise.resolve().then(() => this.variable(reference.name, reference.text))
      : this.content(reference.path, reference.text);
  }

  private variable(name: string, text: string): string {
    if (!maySecretEnv(this.policy, name)) {
      throw configProblems['secret-denied'](`${text} is not allowed by SWITCHYARD_SECRET_ENV.`);
    }
    const value = this.environment[name];
    if (value === undefined || value === '') {
      throw configProblems['secret-missing'](`${text}: the gateway has no such variable.`);
    }
    return value;
  }

  private async content(path: string, text: string): Promise<string> {
    const denied = configProblems['secret-denied'](
      `${text} is not under a directory of SWITCHYARD_SECRET_DIRS.`,
    );
    if (!isUnder(this.policy.secretDirs, path)) throw denied;
    const real = await this.paths.realPath(path);
    if (real === null) {
      throw configProblems['secret-missing'](
        `${text}: there is no such file, or it is not readable.`,
      );
    }
    if (!isUnder(await this.realDirectories(), real)) throw denied;
    const facts = await this.files.facts(real);
    if (facts?.kind !== 'file' || facts.bytes > MAX_SECRET_BYTES) {
      throw configProblems['secret-missing'](
        `${text} is not a regular file of at most ${MAX_SECRET_BYTES} bytes.`,
      );
    }
    return this.readSecret(real, text);
  }

  private async readSecret(real: string, text: string): Promise<string> {
    let content: Buffer;
    try {
      content = await this.files.read(real);
    } catch (cause) {
      throw configProblems['secret-missing']({ detail: `${text} could not be read.`, cause });
    }
    const secret = content.toString('utf8').replace(/\r?\n$/, '');
    if (secret === '') throw configProblems['secret-missing'](`${text}: the file is empty.`);
    return secret;
  }

  private async realDirectories(): Promise<string[]> {
    const found = await Promise.all(
      this.policy.secretDirs.map((directory) => this.paths.realPath(directory)),
    );
    return found.filter((directory) => directory !== null);
  }
}

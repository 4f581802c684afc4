import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import { problemDocument, ProblemError } from '../kernel/problem.js';
import type { ChangeContext } from '../registry/service.js';
import { hooksProblems } from './hooks.errors.js';
import type { InboxFolder, WaitingFile } from './inbox-folder.js';
import type { ManifestIntake } from './manifest-intake.js';

/** Files that are worked on at once; one that is slow to come up holds no other back. */
const SIDE_BY_SIDE = 4;
/** A file that has not changed for this long is complete. */
const QUIET_MS = 1000;

/**
 * Takes manifests from a folder: each file once, answered by a result file beside it and moved to `done/`. After a crash
 * between the two a file is taken again, which changes nothing, as a manifest is an upsert.
 */
export class Inbox {
  /** Marks seen at the last look, of files that may still be written. */
  private seen = new Map<string, string>();
  /** Marks of files that were answered and could not be moved away. */
  private readonly stuck = new Map<string, string>();
  private readonly busy = new Map<string, Promise<void>>();
  private fault: string | null = null;
  /** Why the last look failed, or `null`. */
  private lookFailure: string | null = null;

  constructor(
    private readonly folder: InboxFolder,
    private readonly intake: Pick<ManifestIntake, 'take'>,
    private readonly scopes: readonly string[],
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Starts on what is complete and waits for none of it. Never rejects. */
  async look(): Promise<void> {
    try {
      if (await this.isUsable()) this.start(await this.folder.waiting());
      this.lookFailure = null;
    } catch (error) {
      this.noteFailure(error);
    }
  }

  /** Logs a failure to look once, however often it comes back. */
  private noteFailure(error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error);
    if (failure === this.lookFailure) return;
    this.lookFailure = failure;
    this.logger.error({ err: error, inbox: this.folder.path }, 'could not look into the inbox');
  }

  /** Resolves when nothing is worked on any more. */
  async idle(): Promise<void> {
    while (this.busy.size > 0) await Promise.all(this.busy.values());
  }

  private async isUsable(): Promise<boolean> {
    const fault = await this.folder.fault();
    if (fault !== this.fault) {
      if (fault === null) this.logger.info({ inbox: this.folder.path }, 'the inbox is on again');
      else this.logger.warn({ inbox: this.folder.path, reason: fault }, 'the inbox is off');
    }
    this.fault = fault;
    return fault === null;
  }

  private start(files: readonly WaitingFile[]): void {
    const seen = new Map<string, string>();
    for (const file of files) {
      const { name, mark } = file;
      seen.set(name, mark);
      if (this.busy.has(name) || this.stuck.get(name) === mark || !this.isComplete(file)) continue;
      if (this.busy.size >= SIDE_BY_SIDE) continue;
      const work = this.take(file).finally(() => this.busy.delete(name));
      this.busy.set(name, work);
    }
    this.seen = seen;
    for (const name of this.stuck.keys()) if (!seen.has(name)) this.stuck.delete(name);
  }

  private isComplete({ name, mark, mtimeMs }: WaitingFile): boolean {
    return this.seen.get(name) === mark || this.clock.now() - mtimeMs >= QUIET_MS;
  }

  /** Never rejects. */
  private async take(file: WaitingFile): Promise<void> {
    const { name, mark } = file;
    try {
      const result = await this.resultOf(name);
      await this.folder.answer(name, { file: name, at: this.clock.timestamp(), ...result });
    } catch (error) {
      this.logger.error({ err: error, file: name }, 'could not answer a file of the inbox');
    }
    try {
      await this.folder.finish(name);
    } catch (error) {
      // Invariant: a file is taken once, also when it cannot be moved away.
      this.stuck.set(name, mark);
      this.logger.warn({ err: error, file: name }, 'could not move a file of the inbox away');
    }
  }

  private async resultOf(name: string): Promise<object> {
    try {
      const read = await this.folder.read(name);
      if ('refusal' in read) throw hooksProblems['file-refused'](read.refusal);
      const { status, body } = await this.intake.take(parse(read.text), this.context(name), {});
      // That of the answer, refused or not; the service's own is told by its `state`.
      return { ...body, status };
    } catch (error) {
      if (error instanceof ProblemError) {
        return { status: error.status, problem: problemDocument(error, {}) };
      }
      this.logger.error(
        { err: error, file: name },
        'a file of the inbox failed for an unknown reason',
      );
      const problem = { title: 'Internal error', status: 500, code: 'internal' };
      return { status: 500, problem };
    }
  }

  private context(name: string): ChangeContext {
    return {
      actor: 'inbox',
      source: 'inbox',
      requestId: null,
      reason: `inbox/${name}`,
      scopes: new Set(this.scopes),
      services: null,
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw hooksProblems['manifest-invalid']({
      detail: `The file is not JSON: ${reason}`,
      errors: [{ pointer: '', detail: 'must be JSON' }],
    });
  }
}

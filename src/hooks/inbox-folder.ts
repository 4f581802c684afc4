import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The folder that manifests are dropped into: `<data>/inbox`, with `done/` for what was taken.
 *
 * Why not the FileSystem port: it reads by path, and between the look at a file and the read somebody may put a link or a
 * pipe in its place. Here the file is opened without following links or waiting, and it is the open file that is judged.
 */
export class InboxFolder {
  private readonly done: string;
  private named = 0;

  constructor(
    readonly path: string,
    private readonly maxBytes = MAX_MANIFEST_BYTES,
    private readonly ownUid: number | null = process.getuid?.() ?? null,
  ) {
    this.done = join(path, 'done');
  }

  /** Makes the folder when it is absent. Answers why it must not be used, or `null`. */
  async fault(): Promise<string | null> {
    try {
      await mkdir(this.done, { recursive: true, mode: 0o700 });
    } catch (error) {
      return `${this.path} cannot be made: ${messageOf(error)}`;
    }
    for (const path of [this.path, this.done]) {
      const facts = await lstat(path);
      if (!facts.isDirectory()) return `${path} is not a directory`;
      if (this.ownUid !== null && facts.uid !== this.ownUid) return `${path} is another user's`;
      if ((facts.mode & 0o022) !== 0) return `${path} is writable by its group or by everyone`;
    }
    return null;
  }

  /** Files that wait, by name. What is being written under a name that starts with a dot, or is a result, is none. */
  async waiting(): Promise<WaitingFile[]> {
    const names = (await readdir(this.path)).filter(isManifestName).sort();
    const found: WaitingFile[] = [];
    for (const name of names) {
      const facts = await lstat(join(this.path, name)).catch(() => null);
      if (facts === null) continue;
      const { ino, size, mtimeMs } = facts;
      found.push({ name, mark: `${String(ino)}/${String(size)}/${String(mtimeMs)}`, mtimeMs });
    }
    return found;
  }

  /** The text of a regular file within the limit, or what else it is. */
  async read(name: string): Promise<{ text: string } | { refusal: string }> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let file;
    try {
      file = await open(join(this.path, name), flags);
    } catch (error) {
      return { refusal: refusalOf(error) };
    }
    try {
      const facts = await file.stat();
      if (!facts.isFile()) return { refusal: 'It is not a regular file.' };
      // One byte more than allowed tells a file that has grown since.
      const content = Buffer.alloc(Math.min(facts.size, this.maxBytes) + 1);
      const { bytesRead } = await file.read(content, 0, content.length, 0);
      if (facts.size > this.maxBytes || bytesRead > this.maxBytes) {
        return { refusal: `It has more than ${String(this.maxBytes)} bytes.` };
      }
      return { text: content.toString('utf8', 0, bytesRead) };
    } finally {
      await file.close();
    }
  }

  /** Writes `<name>.result.json` for `<name>.json`, whole or not at all. */
  async answer(name: string, result: object): Promise<void> {
    const target = join(this.path, `${name.slice(0, -'.json'.length)}.result.json`);
    this.named += 1;
    const temporary = join(this.path, `.${String(process.pid)}-${String(this.named)}.tmp`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(result, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target).catch(async (error: unknown) => {
      await unlink(temporary);
      throw error;
    });
  }

  /** Moves a file to `done/`; the newest `KEPT_DONE` of those are kept. A link is moved, never followed. */
  async finish(name: string): Promise<void> {
    await rename(join(this.path, name), join(this.done, name));
    const names = await readdir(this.done);
    if (names.length <= KEPT_DONE) return;
    const dated = await Promise.all(
      names.map(async (each) => ({ each, at: (await lstat(join(this.done, each))).ctimeMs })),
    );
    dated.sort((left, right) => left.at - right.at);
    for (const { each } of dated.slice(0, names.length - KEPT_DONE)) {
      await unlink(join(this.done, each)).catch(() => undefined);
    }
  }
}

export const MAX_MANIFEST_BYTES = 1024 * 1024;
export const KEPT_DONE = 1000;

export interface WaitingFile {
  readonly name: string;
  /** Equal marks: the same file with the same content. */
  readonly mark: string;
  readonly mtimeMs: number;
}

function isManifestName(name: string): boolean {
  return name.endsWith('.json') && !name.endsWith('.result.json') && !name.startsWith('.');
}

function refusalOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  if (code === 'ELOOP' || code === 'EMLINK') return 'It is a link, and links are not followed.';
  if (code === 'ENXIO') return 'It is not a regular file.';
  return `It cannot be read: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

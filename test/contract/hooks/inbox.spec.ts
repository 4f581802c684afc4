import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InboxFolder } from '../../../src/hooks/inbox-folder.js';
import { Inbox } from '../../../src/hooks/inbox.js';
import type { IntakeAnswer } from '../../../src/hooks/manifest-intake.js';
import { SilentLogger, type LogFields } from '../../../src/kernel/logger.js';
import { defineProblems } from '../../../src/kernel/problem.js';
import type { ChangeContext } from '../../../src/registry/service.js';
import { ManualClock } from '../../support/manual-clock.js';

const problems = defineProblems('fixture', {
  refused: { status: 409, title: 'Refused', action: 'Mend it.', level: 'info' },
});

class WarningLogger extends SilentLogger {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  override error(_fields: LogFields = {}, message = ''): void {
    this.errors.push(message);
  }
  override warn(fields: LogFields = {}, message = ''): void {
    this.warnings.push(`${message}: ${String(fields['reason'])}`);
  }
}

let base: string;
let path: string;
let logger: WarningLogger;
let taken: { document: unknown; ctx: ChangeContext }[];
let answer: (document: unknown) => Promise<IntakeAnswer>;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'inbox-'));
  path = join(base, 'inbox');
  logger = new WarningLogger();
  taken = [];
  answer = () =>
    Promise.resolve({ status: 201, body: { name: 'a', status: 'active' }, result: null });
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

function inbox(folder = new InboxFolder(path)): Inbox {
  const intake = {
    take: (document: unknown, ctx: ChangeContext) => {
      taken.push({ document, ctx });
      return answer(document);
    },
  };
  return new Inbox(folder, intake, ['write'], new ManualClock(0), logger);
}

/** Two looks: a file is taken when it has not changed between them. */
async function lookTwice(target: Inbox): Promise<void> {
  await target.look();
  await target.look();
  await target.idle();
}

async function drop(name: string, content: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(join(path, `.${name}`), content);
  await rename(join(path, `.${name}`), join(path, name));
}

async function resultOf(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(path, name), 'utf8')) as Record<string, unknown>;
}

async function names(): Promise<string[]> {
  return (await readdir(path)).sort();
}

describe('the inbox', () => {
  it('makes its folder for its owner alone', async () => {
    await inbox().look();
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await names()).toEqual(['done']);
  });

  it('takes a manifest, answers beside it and moves it to done', async () => {
    await drop('a.json', '{"name":"a"}');
    await lookTwice(inbox());
    expect(taken[0]?.document).toEqual({ name: 'a' });
    expect(taken[0]?.ctx).toMatchObject({
      actor: 'inbox',
      source: 'inbox',
      reason: 'inbox/a.json',
      scopes: new Set(['write']),
    });
    expect(await resultOf('a.result.json')).toMatchObject({
      file: 'a.json',
      status: 201,
      name: 'a',
    });
    expect(await names()).toEqual(['a.result.json', 'done']);
    expect(await readdir(join(path, 'done'))).toEqual(['a.json']);
  });

  it('takes a file once, however often it looks', async () => {
    await drop('a.json', '{}');
    const target = inbox();
    await lookTwice(target);
    await lookTwice(target);
    expect(taken).toHaveLength(1);
  });

  it('takes a file of the same name again when it is dropped again', async () => {
    const target = inbox();
    await drop('a.json', '{"n":1}');
    await lookTwice(target);
    await drop('a.json', '{"n":2}');
    await lookTwice(target);
    expect(taken.map((each) => each.document)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('waits while a file is still being written', async () => {
    const target = inbox();
    await drop('a.json', '{"a":');
    await target.look();
    await writeFile(join(path, 'a.json'), '{"a":1}   ');
    await target.look();
    await target.idle();
    expect(taken).toEqual([]);
    await target.look();
    await target.idle();
    expect(taken.map((each) => each.document)).toEqual([{ a: 1 }]);
  });

  it('leaves alone what is no manifest', async () => {
    const others = ['a.result.json', 'b.txt', '.c.json'];
    for (const name of others) await drop(name, '{}');
    await lookTwice(inbox());
    expect(taken).toEqual([]);
    expect(await names()).toEqual([...others, 'done'].sort());
  });

  it('answers a broken file with the problem and goes on with the next', async () => {
    await drop('a.json', '{"a":');
    await drop('b.json', '{}');
    await lookTwice(inbox());
    expect(await resultOf('a.result.json')).toMatchObject({
      status: 422,
      problem: { code: 'hooks.manifest-invalid', errors: [{ pointer: '' }] },
    });
    expect(await resultOf('b.result.json')).toMatchObject({ status: 201 });
  });

  it.each<[string, () => Error, number, string]>([
    ['a refusal', () => problems.refused('taken'), 409, 'fixture.refused'],
    ['a bug', () => new TypeError('x'), 500, 'internal'],
  ])('answers %s with its problem', async (_what, fault, status, code) => {
    answer = () => Promise.reject(fault());
    await drop('a.json', '{}');
    await lookTwice(inbox());
    expect(await resultOf('a.result.json')).toMatchObject({ status, problem: { code } });
    expect(await readdir(join(path, 'done'))).toEqual(['a.json']);
  });

  it('refuses a file of more than the limit', async () => {
    await drop('a.json', JSON.stringify({ text: 'x'.repeat(200) }));
    await lookTwice(inbox(new InboxFolder(path, 100)));
    expect(await resultOf('a.result.json')).toMatchObject({
      status: 422,
      problem: { code: 'hooks.file-refused' },
    });
    expect(taken).toEqual([]);
  });

  it('follows no link', async () => {
    const secret = join(base, 'secret.json');
    await writeFile(secret, '{"secret":1}');
    await mkdir(path, { mode: 0o700 });
    await symlink(secret, join(path, 'a.json'));
    await lookTwice(inbox());
    expect(taken).toEqual([]);
    expect(await resultOf('a.result.json')).toMatchObject({
      problem: { code: 'hooks.file-refused', detail: 'It is a link, and links are not followed.' },
    });
    expect(await readFile(secret, 'utf8')).toBe('{"secret":1}');
  });

  it('is not held up by a pipe or a directory', async () => {
    await mkdir(join(path, 'd.json'), { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    execFileSync('mkfifo', [join(path, 'p.json')]);
    await lookTwice(inbox());
    expect(taken).toEqual([]);
    expect((await names()).filter((name) => name.endsWith('.result.json'))).toHaveLength(2);
  });

  it('starts a file although another one is slow', async () => {
    let finish: () => void = () => undefined;
    answer = (document) => {
      const done = { status: 201, body: {}, result: null };
      if (JSON.stringify(document) !== '{"slow":1}') return Promise.resolve(done);
      return new Promise((resolve) => (finish = () => resolve(done)));
    };
    const target = inbox();
    await drop('a.json', '{"slow":1}');
    await drop('b.json', '{}');
    await target.look();
    await target.look();
    await expectSoon(async () => (await names()).includes('b.result.json'));
    finish();
    await target.idle();
    expect(await names()).toEqual(['a.result.json', 'b.result.json', 'done']);
  });

  it.each([
    ['its group may write', 0o770],
    ['everyone may write', 0o707],
  ])('is off while %s, and says so once', async (_who, mode) => {
    await drop('a.json', '{}');
    await chmod(path, mode);
    const target = inbox();
    await lookTwice(target);
    expect([taken.length, logger.warnings.length]).toEqual([0, 1]);
    expect(logger.warnings[0]).toContain('writable');
    await chmod(path, 0o700);
    await lookTwice(target);
    expect(taken).toHaveLength(1);
  });

  it('is off when the folder is another user’s', async () => {
    await drop('a.json', '{}');
    const uid = (await stat(path)).uid;
    await lookTwice(inbox(new InboxFolder(path, 1000, uid + 1)));
    expect(taken).toEqual([]);
    expect(logger.warnings[0]).toContain("another user's");
  });

  it('is off when the folder is a link', async () => {
    await mkdir(join(base, 'elsewhere'), { mode: 0o700 });
    await symlink(join(base, 'elsewhere'), path);
    await lookTwice(inbox());
    expect(logger.warnings[0]).toContain('not a directory');
  });

  it('does not take a file again that it cannot move away', async () => {
    await drop('a.json', '{}');
    const folder = new InboxFolder(path);
    folder.finish = () => Promise.reject(new Error('EPERM'));
    const target = inbox(folder);
    await lookTwice(target);
    await lookTwice(target);
    expect(taken).toHaveLength(1);
  });

  it('logs once that it cannot look, however often it fails, and again after it could', async () => {
    const folder = new InboxFolder(path);
    const { waiting } = folder;
    const fail = (): Promise<never> => Promise.reject(new Error('EMFILE'));
    const target = inbox(folder);
    folder.waiting = fail;
    await lookTwice(target);
    expect(logger.errors).toEqual(['could not look into the inbox']);
    folder.waiting = waiting;
    await target.look();
    folder.waiting = fail;
    await lookTwice(target);
    expect(logger.errors).toHaveLength(2);
  });

  it('leaves no temporary file behind', async () => {
    await drop('a.json', '{}');
    await mkdir(join(path, 'a.result.json'), { recursive: true });
    await lookTwice(inbox());
    expect((await names()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

/** Asks again until it is so; the test's own time limit ends it. */
async function expectSoon(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

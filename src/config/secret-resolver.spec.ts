import { describe, expect, it } from '@jest/globals';
import { FakePaths } from '../../test/contract/registry/config-fixture.js';
import { FileSystem, type FileFacts, type OpenFile } from '../kernel/file-system.js';
import { ProblemError } from '../kernel/problem.js';
import { MAX_SECRET_BYTES, SecretResolver } from './secret-resolver.js';

class SecretFiles extends FileSystem {
  constructor(private readonly files: Readonly<Record<string, string>>) {
    super();
  }
  override read(path: string): Promise<Buffer> {
    const content = this.files[path];
    if (content === undefined) return Promise.reject(new Error('EACCES'));
    return Promise.resolve(Buffer.from(content));
  }
  override facts(path: string): Promise<FileFacts | undefined> {
    const bytes = this.files[path]?.length ?? 0;
    const kind = path.endsWith('.d') ? 'directory' : 'file';
    return Promise.resolve({ kind, bytes, modified_ms: 0, mode: 0o600, uid: 0 });
  }
  override open = (): Promise<OpenFile> => Promise.reject(new Error('unused'));
  override names = (): Promise<string[]> => Promise.resolve([]);
  override rename = (): Promise<void> => Promise.resolve();
  override remove = (): Promise<void> => Promise.resolve();
  override removeDirectory = (): Promise<void> => Promise.resolve();
  override makeDirectory = (): Promise<void> => Promise.resolve();
  override syncDirectory = (): Promise<void> => Promise.resolve();
}

const PATHS = new FakePaths({
  '/run/secrets': '/run/secrets-v2',
  '/run/secrets/token': '/run/secrets-v2/token',
  '/run/secrets/lines': '/run/secrets-v2/lines',
  '/run/secrets/empty': '/run/secrets-v2/empty',
  '/run/secrets/big': '/run/secrets-v2/big',
  '/run/secrets/folder.d': '/run/secrets-v2/folder.d',
  '/run/secrets/unreadable': '/run/secrets-v2/unreadable',
  '/run/secrets/escape': '/etc/shadow',
  '/etc/shadow': '/etc/shadow',
});
const FILES = new SecretFiles({
  '/run/secrets-v2/token': 's3cret\n',
  '/run/secrets-v2/lines': 'a\nb\r\n',
  '/run/secrets-v2/empty': '\n',
  '/run/secrets-v2/big': 'x'.repeat(MAX_SECRET_BYTES + 1),
  '/etc/shadow': 'root',
});
const resolver = new SecretResolver(
  { secretEnv: ['SWITCHYARD_SECRET_*'], secretDirs: ['/run/secrets'] },
  { SWITCHYARD_SECRET_A: 'alpha', SWITCHYARD_SECRET_EMPTY: '', HOME: '/root' },
  FILES,
  PATHS,
);

describe('SecretResolver', () => {
  it.each([
    ['plain ${port}', 'plain ${port}'],
    ['Bearer ${env:SWITCHYARD_SECRET_A}', 'Bearer alpha'],
    ['${file:/run/secrets/token}', 's3cret'],
    ['${file:/run/secrets/lines}', 'a\nb'],
  ])('resolves %s', async (text, secret) => {
    await expect(resolver.resolve(text)).resolves.toBe(secret);
  });

  it.each([
    ['${env:HOME}', 'config.secret-denied'],
    ['${file:/etc/shadow}', 'config.secret-denied'],
    ['${file:/run/secrets/escape}', 'config.secret-denied'],
    ['${env:SWITCHYARD_SECRET_NONE}', 'config.secret-missing'],
    ['${env:SWITCHYARD_SECRET_EMPTY}', 'config.secret-missing'],
    ['${file:/run/secrets/none}', 'config.secret-missing'],
    ['${file:/run/secrets/empty}', 'config.secret-missing'],
    ['${file:/run/secrets/big}', 'config.secret-missing'],
    ['${file:/run/secrets/folder.d}', 'config.secret-missing'],
    ['${file:/run/secrets/unreadable}', 'config.secret-missing'],
  ])('refuses %s with %s, naming it', async (text, code) => {
    const error: unknown = await resolver.resolve(`a ${text}`).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(text);
  });
});

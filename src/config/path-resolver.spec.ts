import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NodePathResolver } from './path-resolver.js';

const paths = new NodePathResolver();
let directory = '';

beforeAll(async () => {
  const made = await mkdtemp(join(tmpdir(), 'paths-'));
  directory = (await paths.realPath(made)) ?? made;
  await writeFile(join(directory, 'tool'), '#!/bin/sh\n');
  await chmod(join(directory, 'tool'), 0o755);
  await writeFile(join(directory, 'text'), 'x', { mode: 0o600 });
  await symlink(join(directory, 'tool'), join(directory, 'link'));
  await symlink(join(directory, 'gone'), join(directory, 'dangling'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('NodePathResolver', () => {
  it('follows links, and answers null where they lead nowhere', async () => {
    expect(await paths.realPath(join(directory, 'link'))).toBe(join(directory, 'tool'));
    expect(await paths.realPath(join(directory, 'dangling'))).toBeNull();
  });

  it('calls only regular files with the right executable', async () => {
    expect(await paths.isExecutable(join(directory, 'link'))).toBe(true);
    expect(await paths.isExecutable(join(directory, 'text'))).toBe(false);
    expect(await paths.isExecutable(directory)).toBe(false);
    expect(await paths.isExecutable(join(directory, 'none'))).toBe(false);
  });
});

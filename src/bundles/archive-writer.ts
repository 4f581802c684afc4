import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createTarPacker } from 'modern-tar';
import type { FileSystem } from '../kernel/file-system.js';
import { writeFully } from '../storage/durable-write.js';

/** A file of an archive. */
export interface ArchiveMember {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface WrittenArchive {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes the members, one at a time, as a gzipped tar at `path`, which must not exist, and syncs it. What is left there
 * when it fails is the caller's to remove. `modifiedMs` is the time of every member.
 */
export async function writeArchive(
  fileSystem: FileSystem,
  path: string,
  members: AsyncIterable<ArchiveMember>,
  modifiedMs: number,
): Promise<WrittenArchive> {
  const file = await fileSystem.open(path, 'exclusive');
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      tarBlocks(members, modifiedMs),
      createGzip(),
      async (compressed: AsyncIterable<Buffer>): Promise<void> => {
        for await (const chunk of compressed) {
          hash.update(chunk);
          bytes += chunk.length;
          await writeFully(file, chunk);
        }
      },
    );
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function* tarBlocks(
  members: AsyncIterable<ArchiveMember>,
  modifiedMs: number,
): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  // A failure here fails the stream that is read below; after an early end there is nobody left to tell.
  void packAll(members, controller, modifiedMs).catch((error: unknown) => {
    controller.error(error);
  });
  yield* readable;
}

async function packAll(
  members: AsyncIterable<ArchiveMember>,
  controller: ReturnType<typeof createTarPacker>['controller'],
  modifiedMs: number,
): Promise<void> {
  const mtime = new Date(modifiedMs);
  for await (const { name, content } of members) {
    const body = controller.add({ name, size: content.length, mtime, mode: 0o600 }).getWriter();
    await body.write(content);
    await body.close();
  }
  controller.finalize();
}

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { createTarDecoder } from 'modern-tar';
import type { ArchiveMember } from './archive-writer.js';

/** What an archive may be at most, so that a forged one cannot fill memory or disk. */
export interface ArchiveLimits {
  readonly members: number;
  readonly memberBytes: number;
  /** All members together, with the headers between them. */
  readonly totalBytes: number;
}

const MIB = 1024 * 1024;

export const ARCHIVE_LIMITS: ArchiveLimits = Object.freeze({
  members: 500_000,
  memberBytes: 64 * MIB,
  totalBytes: 2048 * MIB,
});

/** Why an archive is not taken; the message is for the operator. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault';
}

type TarEntry =
  ReturnType<typeof createTarDecoder>['readable'] extends ReadableStream<infer Entry>
    ? Entry
    : never;

/**
 * The members of a gzipped tar, one at a time. `isKnown` is the grammar of the names: whatever else is in the archive, a
 * link, a directory, a name that occurs twice, or what is too large, ends it with an `ArchiveFault`.
 */
export async function* readArchive(
  content: Uint8Array,
  isKnown: (name: string) => boolean,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): AsyncGenerator<ArchiveMember> {
  const decoder = createTarDecoder({ strict: true });
  const feeding = feed(content, decoder.writable, limits.totalBytes);
  const seen = new Set<string>();
  try {
    for await (const entry of decoder.readable) {
      const { name } = entry.header;
      requirePlainFile(entry, isKnown, limits);
      if (seen.has(name)) throw new ArchiveFault(`The archive holds "${name}" twice.`);
      if (seen.size === limits.members) throw new ArchiveFault('The archive has too many members.');
      seen.add(name);
      yield { name, content: await bodyOf(entry) };
    }
    await feeding;
  } catch (error) {
    if (error instanceof ArchiveFault) throw error;
    const detail = error instanceof Error ? error.message : 'unreadable';
    throw new ArchiveFault(`The archive cannot be unpacked: ${detail}`, { cause: error });
  }
}

function requirePlainFile(
  { header }: TarEntry,
  isKnown: (name: string) => boolean,
  limits: ArchiveLimits,
): void {
  const shown = JSON.stringify(header.name.slice(0, 120));
  if (header.type !== 'file' || (header.linkname ?? '') !== '' || header.pax !== undefined) {
    throw new ArchiveFault(`${shown} is not a plain file.`);
  }
  if (!isKnown(header.name)) throw new ArchiveFault(`${shown} does not belong in a backup.`);
  if (header.size > limits.memberBytes) throw new ArchiveFault(`${shown} is too large.`);
}

async function bodyOf({ header, body }: TarEntry): Promise<Uint8Array> {
  const content = new Uint8Array(header.size);
  let offset = 0;
  for await (const chunk of body) {
    content.set(chunk, offset);
    offset += chunk.length;
  }
  if (offset !== content.length) throw new ArchiveFault('The archive is cut off.');
  return content;
}

/** Never rejects: a failure reaches whoever reads the members. */
async function feed(
  content: Uint8Array,
  writable: WritableStream<Uint8Array>,
  maxBytes: number,
): Promise<void> {
  const writer = writable.getWriter();
  // The failure of a write is the reader's to see; without this it would count as nobody's.
  writer.closed.catch(() => undefined);
  const source = Readable.from(slices(content));
  const unzipped: AsyncIterable<Buffer> = source.pipe(createGunzip());
  let left = maxBytes;
  try {
    for await (const chunk of unzipped) {
      left -= chunk.length;
      if (left < 0) throw new ArchiveFault('The archive unpacks to more than is taken.');
      await writer.write(chunk);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
  } finally {
    source.destroy();
  }
}

const SLICE_BYTES = 256 * 1024;

function* slices(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; start += SLICE_BYTES) {
    yield content.subarray(start, start + SLICE_BYTES);
  }
}

// HOT PATH
import { META } from '../protocol/modern-meta.js';
import { MemberWalk } from './member-walk.js';

const SPACE = 32;
const RESERVED = [
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
].map((name) => Buffer.from(name));

/**
 * Blanks what `_meta` says of the protocol, in place, so that all positions in `body` stay as they are: a server with
 * sessions was told it by `initialize`, and one that speaks both eras would take the request for a stateless one.
 * `metaStart` is where the object begins; anything else is left alone.
 */
export function blankReservedMeta(body: Buffer, metaStart: number): void {
  const walk = new MemberWalk(body, metaStart);
  let keptBefore = false;
  while (walk.next()) {
    const { comma } = walk;
    const reserved = isReserved(walk);
    // Among blanked members in front the commas go one by one; behind a kept one, each takes its own along.
    if (!keptBefore && comma >= 0) body[comma] = SPACE;
    if (!reserved) {
      keptBefore = true;
      continue;
    }
    const stop = walk.valueStop;
    if (stop < 0) return;
    body.fill(SPACE, keptBefore ? comma : walk.keyStart - 1, stop);
  }
}

function isReserved(walk: MemberWalk): boolean {
  for (const key of RESERVED) if (walk.is(key)) return true;
  return false;
}

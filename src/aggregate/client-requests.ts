import type { Envelope } from '../protocol/envelope-scan.js';
import { parseBytes } from '../gateway/json-bytes.js';
import type { Link } from '../gateway/link.js';
import { edited, type Edit } from './message-edit.js';

interface Asked {
  /** Where it came from and its answer goes. */
  readonly link: Link;
  /** Raw JSON: the id that the member gave it. */
  readonly id: Buffer;
  /** Raw JSON: the progress token that the member gave it, or `null`. */
  readonly token: Buffer | null;
}

/** What members may have open at one client. */
const MAX_OPEN = 1_000;

/**
 * The requests of members that the client has not answered. Members count their ids and tokens each for itself: both are
 * replaced by a number of ours on the way to the client, and put back on the way to the member.
 */
export class ClientRequests {
  private readonly open = new Map<number, Asked>();
  private lastId = 0;

  get size(): number {
    return this.open.size;
  }

  /** The request as the client is to see it; `null` when too many are open. */
  take(link: Link, body: Buffer, envelope: Envelope): Buffer | null {
    if (this.open.size >= MAX_OPEN) this.dropEnded();
    if (this.open.size >= MAX_OPEN) return null;
    this.lastId += 1;
    const { idStart, idEnd, tokenStart, tokenEnd } = envelope;
    const id = Buffer.from(body.subarray(idStart, idEnd));
    const token = tokenEnd === 0 ? null : Buffer.from(body.subarray(tokenStart, tokenEnd));
    this.open.set(this.lastId, { link, id, token });
    const text = Buffer.from(String(this.lastId));
    const edits: Edit[] = [{ start: idStart, end: idEnd, text }];
    if (token !== null) edits.push({ start: tokenStart, end: tokenEnd, text });
    return edited(
      body,
      edits.sort((left, right) => left.start - right.start),
    );
  }

  /** The client's answer as the member is to see it; `null` for one that answers nothing here. */
  answer(body: Buffer, { idStart, idEnd }: Envelope): { to: Link; body: Buffer } | null {
    const number = Number(body.toString('latin1', idStart, idEnd));
    const asked = this.open.get(number);
    if (asked === undefined) return null;
    this.open.delete(number);
    return { to: asked.link, body: edited(body, [{ start: idStart, end: idEnd, text: asked.id }]) };
  }

  /** The client's progress on such a request, the same way. */
  progress(
    body: Buffer,
    { progressStart, progressEnd }: Envelope,
  ): { to: Link; body: Buffer } | null {
    const asked = this.open.get(Number(body.toString('latin1', progressStart, progressEnd)));
    if (asked === undefined || asked.token === null) return null;
    const edit = { start: progressStart, end: progressEnd, text: asked.token };
    return { to: asked.link, body: edited(body, [edit]) };
  }

  /** The number under which the client knows what the member calls `id` (raw JSON); it is open no longer. */
  cancelled(link: Link, id: string): number | null {
    const wanted = parseBytes(Buffer.from(id));
    for (const [number, asked] of this.open) {
      if (asked.link !== link || parseBytes(asked.id) !== wanted) continue;
      this.open.delete(number);
      return number;
    }
    return null;
  }

  /** The member is gone; answers what it had open. */
  drop(link: Link): number[] {
    const dropped: number[] = [];
    for (const [number, asked] of this.open) if (asked.link === link) dropped.push(number);
    for (const number of dropped) this.open.delete(number);
    return dropped;
  }

  /** Links that we closed ourselves leave without a word. */
  private dropEnded(): void {
    for (const [number, { link }] of this.open) if (link.ended) this.open.delete(number);
  }
}

// HOT PATH
import { closingQuote, endOfValue, skipSpace } from '../protocol/json-span.js';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Goes through the members of one JSON object in its bytes, without building anything. A value is skipped only when the
 * next member is asked for, so that what stands behind the wanted one is not read.
 */
export class MemberWalk {
  /** Of the key's text, without quotes. */
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  /** Index of the comma before this member; -1 before the first. */
  comma = -1;
  /** Behind the closing brace once the walk is over; -1 until then, and for what is no object. */
  end = -1;
  private valueEnd = -1;
  private begun = false;

  /** `start` is where the object's brace is, or white space before it. */
  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
  ) {}

  /** Index behind the member's value; -1 when it is no JSON. */
  get valueStop(): number {
    if (this.valueEnd < 0) this.valueEnd = endOfValue(this.bytes, this.valueStart);
    return this.valueEnd;
  }

  /** `false` when there is no further member, or the bytes are no JSON object. */
  next(): boolean {
    const { bytes } = this;
    if (this.end >= 0) return false;
    let i = this.afterMember();
    if (i < 0) return false;
    if (bytes[i] === CLOSE_BRACE && this.comma < 0) return this.finish(i);
    if (bytes[i] !== QUOTE) return false;
    this.keyStart = i + 1;
    this.keyEnd = closingQuote(bytes, this.keyStart);
    if (this.keyEnd < 0) return false;
    i = skipSpace(bytes, this.keyEnd + 1);
    if (bytes[i] !== COLON) return false;
    this.valueStart = skipSpace(bytes, i + 1);
    this.valueEnd = -1;
    return true;
  }

  /** Whether the member's key is spelled exactly so. */
  is(key: Buffer): boolean {
    const { bytes, keyStart } = this;
    if (this.keyEnd - keyStart !== key.length) return false;
    for (let i = 0; i < key.length; i += 1) if (bytes[keyStart + i] !== key[i]) return false;
    return true;
  }

  get isObject(): boolean {
    return this.bytes[this.valueStart] === OPEN_BRACE;
  }

  /** Where the next key, or the closing brace of an empty object, is; -1 at the end. */
  private afterMember(): number {
    const { bytes } = this;
    if (!this.begun) {
      this.begun = true;
      const open = skipSpace(bytes, this.start);
      return bytes[open] === OPEN_BRACE ? skipSpace(bytes, open + 1) : -1;
    }
    const stop = this.valueStop;
    if (stop < 0) return -1;
    const i = skipSpace(bytes, stop);
    if (bytes[i] === CLOSE_BRACE) {
      this.finish(i);
      return -1;
    }
    if (bytes[i] !== COMMA) return -1;
    this.comma = i;
    return skipSpace(bytes, i + 1);
  }

  private finish(brace: number): false {
    this.end = brace + 1;
    return false;
  }
}

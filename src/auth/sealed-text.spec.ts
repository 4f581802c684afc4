import { describe, expect, it } from '@jest/globals';
import { SystemRandom } from '../kernel/random.js';
import { SealedText } from './sealed-text.js';
import { SessionKeys, type SessionKey } from './session-keys.js';

class Keys extends SessionKeys {
  constructor(private readonly all: Record<string, Buffer>) {
    super();
  }
  override current(): SessionKey {
    const [id, key] = Object.entries(this.all)[0] ?? ['', Buffer.alloc(32)];
    return { id, key };
  }
  override find(id: string): Buffer | undefined {
    return this.all[id];
  }
}

const KEY = Buffer.alloc(32, 1);
const sealed = (purpose: string, maxChars = 1_000): SealedText =>
  new SealedText(new Keys({ k1: KEY }), new SystemRandom(), purpose, maxChars);

describe('a sealed text', () => {
  it('opens to what was sealed, and looks different each time', () => {
    const [a, b] = [sealed('p').seal('{"é":1}'), sealed('p').seal('{"é":1}')];
    expect(a).not.toBe(b);
    expect(a).not.toContain('{');
    expect(sealed('p').open(a)).toBe('{"é":1}');
  });

  it('opens for no other purpose', () => {
    expect(sealed('').open(sealed('p').seal('x'))).toBeNull();
    expect(sealed('p').open(sealed('').seal('x'))).toBeNull();
  });

  it.each([
    ['appended to', (text: string) => `${text}-TAMPERED`],
    ['cut', (text: string) => text.slice(0, -2)],
    ['with another key id', (text: string) => text.replace('k1.', 'k2.')],
    ['without a key id', (text: string) => text.slice(2)],
    ['spelled otherwise', (text: string) => `${text}=`],
    ['empty', () => ''],
  ])('does not open when it was %s', (_how, change) => {
    expect(sealed('p').open(change(sealed('p').seal('hello')))).toBeNull();
  });

  it('does not open when it is longer than allowed', () => {
    const text = sealed('p').seal('hello');
    expect(sealed('p', text.length).open(text)).toBe('hello');
    expect(sealed('p', text.length - 1).open(text)).toBeNull();
  });
});

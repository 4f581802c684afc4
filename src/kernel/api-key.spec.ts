import { describe, expect, it } from '@jest/globals';
import { newApiKey } from './api-key.js';
import { sha256Hex } from './ids.js';
import { Random, SystemRandom } from './random.js';

class CountingRandom extends Random {
  override uuid(): string {
    return '';
  }
  override fraction(): number {
    return 0;
  }
  override bytes(count: number): Buffer {
    return Buffer.alloc(count, 7);
  }
}

describe('newApiKey', () => {
  it('has 256 bits and the digest of its text', () => {
    const { key, sha256 } = newApiKey(new CountingRandom());
    expect(Buffer.from(key.slice(3), 'base64url')).toEqual(Buffer.alloc(32, 7));
    expect(sha256).toBe(sha256Hex(key));
  });

  it('is another one each time', () => {
    expect(newApiKey(new SystemRandom()).key).not.toBe(newApiKey(new SystemRandom()).key);
  });
});

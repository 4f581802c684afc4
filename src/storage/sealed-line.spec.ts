import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { openLine, sealLine } from './sealed-line.js';

const BODY = { seq: 1, text: 'ä "quoted"', prev_hash: '0' };

describe('a sealed line', () => {
  it('ends in the hash of what is before it, so that anybody can check it', () => {
    const { line, hash } = sealLine(BODY);
    const body = line.slice(0, line.lastIndexOf(',"hash":"'));
    expect(createHash('sha256').update(body).digest('hex')).toBe(hash);
    expect(JSON.parse(line)).toMatchObject({ ...BODY, hash });
  });

  it('opens to what was sealed', () => {
    expect(openLine(Buffer.from(sealLine(BODY).line.trimEnd()))).toMatchObject(BODY);
  });

  it.each([
    ['{}', 'The line is too short.'],
    [`{${' '.repeat(120)}}`, 'The line does not end in a hash and a checksum.'],
    [sealLine(BODY).line.trimEnd().replace('"seq":1', '"seq":2'), 'The checksum does not match.'],
  ])('refuses %#', (line, reason) => {
    expect(openLine(Buffer.from(line))).toBe(reason);
  });
});

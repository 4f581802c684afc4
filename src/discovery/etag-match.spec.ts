import { describe, expect, it } from '@jest/globals';
import { namesEtag } from './etag-match.js';

describe('namesEtag', () => {
  it.each([
    [undefined, false],
    ['"3.4"', true],
    ['W/"3.4"', true],
    ['"1.1", "3.4"', true],
    ['*', true],
    ['"3.5"', false],
    ['3.4', false],
    ['', false],
  ])('%s names it: %s', (header, answer) => {
    expect(namesEtag(header, '"3.4"')).toBe(answer);
  });
});

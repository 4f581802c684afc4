import { describe, expect, it } from '@jest/globals';
import { plainText } from './plain-text.js';

describe('plainText', () => {
  it.each([
    ['Reads a file', 'Reads a file'],
    ['a < b && c > d', 'a &lt; b &amp;&amp; c &gt; d'],
    ['<script>x</script>', '&lt;script&gt;x&lt;/script&gt;'],
    ['**bold** and `code`', '**bold** and `code`'],
  ])('shows %j as %j', (text, shown) => {
    expect(plainText(text)).toBe(shown);
  });

  it.each(['[x](javascript:alert(1))', '[x](JaVaScript :alert(1))', '[x](data:text/html,1)'])(
    'takes the working out of the link in %s',
    (text) => {
      expect(plainText(text)).not.toMatch(/(javascript|data)\s*:/i);
    },
  );

  it('is cut where it gets too long', () => {
    expect(plainText('x'.repeat(20_000))).toHaveLength(8_193);
  });
});

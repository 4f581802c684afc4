import { expect, it } from '@jest/globals';
import { SETTINGS } from '../../src/settings/settings.loader.js';
import { pinnedTable } from './reference-table.js';

it('the settings are what docs/reference/settings.md says', () => {
  const rows = SETTINGS.map(({ name, meaning, unit, default: fallback }) => [
    `\`${name}\``,
    meaning,
    unit ?? '',
    fallback === '' ? '' : `\`${fallback}\``,
  ]);
  const { written, expected } = pinnedTable(
    'settings.md',
    ['name', 'meaning', 'unit', 'default'],
    rows,
  );
  expect(written).toBe(expected);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BEGIN = '<!-- pinned: begin -->';
const END = '<!-- pinned: end -->';
const reference = join(import.meta.dirname, '..', '..', 'docs', 'reference');

/**
 * Compares the pinned part of a reference page with what the code says. `UPDATE_PINS=1` writes it instead, so that a
 * wanted change shows up as a change of the page in the same commit.
 */
export function pinnedTable(
  page: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): { written: string; expected: string } {
  const file = join(reference, page);
  const expected = markdownTable(header, rows);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : `# ${page}\n\n${BEGIN}\n${END}\n`;
  const [before = '', rest = ''] = text.split(BEGIN);
  const [pinned = '', after = ''] = rest.split(END);
  if (process.env['UPDATE_PINS'] === '1') {
    writeFileSync(file, `${before}${BEGIN}\n\n${expected}\n\n${END}${after}`);
    return { written: expected, expected };
  }
  return { written: normalised(pinned), expected: normalised(expected) };
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => escaped(cell)).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as Markdown shows it literally; what stands in backticks is literal already. */
function escaped(cell: string): string {
  const oneLine = cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return oneLine.startsWith('`') ? oneLine : oneLine.replaceAll(/[*_<]/g, (mark) => `\\${mark}`);
}

/** Prettier pads tables and drops escapes it can do without; neither means anything. */
function normalised(table: string): string {
  return table
    .trim()
    .split('\n')
    .map((line) => line.replaceAll('\\', '').replace(/\s+/g, ' ').replace(/-+/g, '---').trim())
    .join('\n');
}

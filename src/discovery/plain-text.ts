const MAX_CHARS = 8_192;

/**
 * Foreign text for a place where Markdown is rendered: no HTML of its author's gets through, and no link that runs
 * something. Cut at 8,192 characters.
 */
export function plainText(text: string): string {
  const cut = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
  return cut
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(javascript|vbscript|data)(\s*):/gi, '$1$2\u200b:');
}

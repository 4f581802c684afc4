/** Replaces secret values in text. */
export type Scrub = (text: string) => string;

const MARK = '[secret]';
/** Shorter values would blank out ordinary words, and are no secrets worth the name. */
const MIN_CHARS = 4;
/** A line of a secret of several lines (a PEM key) is replaced by itself from this length on. */
const MIN_LINE_CHARS = 16;

/**
 * Makes the scrubber of one instance. Each secret is also found JSON-escaped, URL-encoded and line by line. The longest
 * form is replaced first, so that a secret that contains another leaves nothing behind.
 */
export function scrubberOf(secrets: readonly string[]): Scrub {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_CHARS) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(Buffer.from(secret).toString()));
    for (const line of secret.split(/\r?\n/)) if (line.length >= MIN_LINE_CHARS) forms.add(line);
  }
  if (forms.size === 0) return (text) => text;
  const ordered = [...forms].sort((left, right) => right.length - left.length);
  return (text) => {
    let scrubbed = text;
    for (const form of ordered) scrubbed = scrubbed.replaceAll(form, MARK);
    return scrubbed;
  };
}

/** `${env:NAME}` or `${file:/path}`: where a secret is, never what it is. */
export type SecretReference =
  | { readonly source: 'env'; readonly name: string; readonly text: string }
  | { readonly source: 'file'; readonly path: string; readonly text: string };

/** A text that looks like a reference but is none, with what is wrong. */
export interface MalformedReference {
  readonly text: string;
  readonly detail: string;
}

export interface ReferenceScan {
  readonly references: readonly SecretReference[];
  readonly malformed: readonly MalformedReference[];
  /** The text without what looked like references. */
  readonly remainder: string;
}

const OPENINGS = ['${env:', '${file:'] as const;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MAX_PATH_CHARS = 1024;

/** Whether the text holds anything that looks like a reference, well-formed or not. */
export function looksReferring(text: string): boolean {
  return OPENINGS.some((opening) => text.includes(opening));
}

/** Finds every reference of a text, which may hold other text around them. Linear in its length. */
export function scanReferences(text: string): ReferenceScan {
  const references: SecretReference[] = [];
  const malformed: MalformedReference[] = [];
  let remainder = '';
  let at = 0;
  for (;;) {
    const start = nextOpening(text, at);
    if (start < 0) break;
    const end = text.indexOf('}', start);
    const whole = end < 0 ? text.slice(start) : text.slice(start, end + 1);
    const parsed = end < 0 ? 'has no closing brace.' : parseReference(whole);
    if (typeof parsed === 'string') malformed.push({ text: whole, detail: parsed });
    else references.push(parsed);
    remainder += text.slice(at, start);
    at = start + whole.length;
  }
  return { references, malformed, remainder: remainder + text.slice(at) };
}

/** Replaces each reference by what `valueOf` answers; the rest stays as it is. */
export async function replaceReferences(
  text: string,
  valueOf: (reference: SecretReference) => Promise<string>,
): Promise<string> {
  let replaced = '';
  let at = 0;
  for (const reference of scanReferences(text).references) {
    const start = text.indexOf(reference.text, at);
    replaced += text.slice(at, start) + (await valueOf(reference));
    at = start + reference.text.length;
  }
  return replaced + text.slice(at);
}

function nextOpening(text: string, from: number): number {
  const found = OPENINGS.map((opening) => text.indexOf(opening, from)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

function parseReference(text: string): SecretReference | string {
  const body = text.slice(2, -1);
  const target = body.slice(body.indexOf(':') + 1);
  if (body.startsWith('env:')) {
    if (!ENV_NAME.test(target)) return 'must name a variable: letters, digits and "_".';
    return { source: 'env', name: target, text };
  }
  const segments = target.split('/');
  const isPlain = target.startsWith('/') && !segments.includes('..') && !segments.includes('.');
  if (!isPlain || target.endsWith('/') || target.length > MAX_PATH_CHARS || target.includes('\0')) {
    return 'must name a file by an absolute path without "." and "..".';
  }
  return { source: 'file', path: target, text };
}

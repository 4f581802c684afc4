/** Why a URL cannot be that of an upstream, whatever its address resolves to; `null` when it can. */
export function urlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'must be an absolute URL.';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http or https URL.';
  if (url.username !== '' || url.password !== '') {
    return 'must not hold credentials; send them as a header with a reference.';
  }
  // Why not `url.hash`: it is empty for a bare "#".
  if (text.includes('#')) return 'must not have a fragment.';
  if (url.hostname === '') return 'must name a host.';
  return null;
}

/** The address of a URL whose host is a literal IP, without brackets, or `null` when it is a name. */
export function literalAddress(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { hostname } = new URL(text);
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname) ? hostname : null;
}

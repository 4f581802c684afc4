/** Host and port as they stand in a Host header, an origin or a setting. Names are lower case, IPv6 in brackets. */
export interface Authority {
  readonly host: string;
  /** `null` when none was written. */
  readonly port: number | null;
}

const NAME = /^[a-z0-9_]([a-z0-9_.-]{0,253}[a-z0-9_])?\.?$/;
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/;

/** Reads `host[:port]` (RFC 9112, section 3.2); `null` when it is not one. */
export function parseAuthority(text: string): Authority | null {
  const lower = text.toLowerCase();
  const colon = lower.lastIndexOf(':');
  const hasPort = colon > lower.lastIndexOf(']');
  const host = hasPort ? lower.slice(0, colon) : lower;
  if (!NAME.test(host) && !IPV6.test(host)) return null;
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  if (!hasPort) return { host: bare, port: null };
  const digits = lower.slice(colon + 1);
  if (!/^[0-9]{1,5}$/.test(digits) || Number(digits) > 65_535) return null;
  return { host: bare, port: Number(digits) };
}

/** Host and port of an origin such as `https://a.example:8443`; `null` for `null` and everything that is not http(s). */
export function parseOrigin(origin: string): (Authority & { readonly scheme: string }) | null {
  const match = /^(https?):\/\/([^/?#@\s]+)$/i.exec(origin);
  const authority = match?.[2] === undefined ? null : parseAuthority(match[2]);
  if (match?.[1] === undefined || authority === null) return null;
  const scheme = match[1].toLowerCase();
  return { scheme, host: authority.host, port: authority.port ?? (scheme === 'https' ? 443 : 80) };
}

/** One spelling for equal origins: lower case, no default port. */
export function normalOrigin(origin: string): string | null {
  const parsed = parseOrigin(origin);
  if (parsed === null) return null;
  const usual = parsed.scheme === 'https' ? 443 : 80;
  return `${parsed.scheme}://${parsed.host}${parsed.port === usual ? '' : `:${String(parsed.port)}`}`;
}

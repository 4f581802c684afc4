export interface ListenerFacts {
  readonly publicUrl: string | null;
  readonly host: string;
  readonly port: number;
  readonly tlsCert: string | null;
}

/** Where clients reach us: the public URL, or what we listen on (any address is shown as localhost). */
export function baseUrlOf(facts: ListenerFacts): string {
  if (facts.publicUrl !== null) return facts.publicUrl.replace(/\/+$/, '');
  const scheme = facts.tlsCert === null ? 'http' : 'https';
  const isAny = facts.host === '0.0.0.0' || facts.host === '::';
  const host = isAny ? 'localhost' : facts.host.includes(':') ? `[${facts.host}]` : facts.host;
  return `${scheme}://${host}:${facts.port}`;
}

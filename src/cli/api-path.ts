/** Path of a service, by name or id. */
export function servicePath(service: string): string {
  return `/services/${encodeURIComponent(service)}`;
}

/** `?a=b` of what is set, or nothing. */
export function queryOf(members: Readonly<Record<string, string | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined && value !== false) query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}

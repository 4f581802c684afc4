/** Headers that belong to the connection or to the protocol and are written by the gateway alone. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-session-id',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why a configured header cannot be sent, or `null`. */
export function headerFault(name: string): string | null {
  return OWN_HEADERS.has(name.toLowerCase()) ? 'is set by the gateway itself.' : null;
}

/**
 * Reserved names of `_meta` in the stateless protocol (2026-07-28, basic, `_meta`): what `initialize` told once is said
 * with every request.
 */
export const META = {
  /** Of a request: the revision it speaks. Required. */
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  /** Of a request: who asks. Required. */
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  /** Of a request: what the asker can do. Required; `{}` = nothing. */
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  /** Of a request: the least log level that is to be sent as `notifications/message`; absent = none. */
  logLevel: 'io.modelcontextprotocol/logLevel',
  /** Of a notification or result: the id of the `subscriptions/listen` it belongs to. */
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  /** Of a result: who answers. */
  serverInfo: 'io.modelcontextprotocol/serverInfo',
} as const;

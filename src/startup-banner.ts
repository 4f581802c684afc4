import type { Settings } from './settings/settings.js';

/** What a person who just started the gateway wants to know: where things are, and a first command to try. */
export function startupBanner(settings: Settings): string {
  const scheme = settings.tlsCert === null ? 'http' : 'https';
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const url = settings.publicUrl ?? `${scheme}://${host}:${settings.port}`;
  const auth = settings.apiKeysFile === null ? '' : ` \\\n    -H "authorization: Bearer $KEY"`;
  return `
Switchyard is ready.
  API       ${url}/api/v1
  Swagger   ${url}/docs
  Endpoints ${url}/mcp/<service>
  Data      ${settings.dataDir}

Register a service and have it proven:
  curl -s ${url}/api/v1/services -H 'content-type: application/json'${auth} \\
    -d '{"name":"everything","config":{"runtime":{"command":"npx","args":["-y","@modelcontextprotocol/server-everything"]}}}'

`;
}

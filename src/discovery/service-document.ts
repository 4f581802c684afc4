import type { JsonObject } from '../kernel/json.js';
import { plainText } from './plain-text.js';

/** What the generated documentation of a service is made from. */
export interface DocumentedService {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly version: string;
  readonly tools: readonly JsonObject[];
  readonly endpoints: {
    readonly streamable_http: string;
    readonly sse: string;
    readonly rest: string;
  };
}

type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly language: string; readonly text: string };

/** The documentation as Markdown. Foreign text is escaped: no HTML of its author's gets through. */
export function markdownDocument(service: DocumentedService): string {
  return `${blocksOf(service)
    .map((block) => {
      if (block.kind === 'heading') return `${'#'.repeat(block.level)} ${plainText(block.text)}`;
      if (block.kind === 'text') return plainText(block.text);
      const fence = '`'.repeat(longestFence(block.text) + 1);
      return `${fence}${block.language}\n${block.text}\n${fence}`;
    })
    .join('\n\n')}\n`;
}

/** The documentation as a page without scripts. */
export function htmlDocument(service: DocumentedService): string {
  const body = blocksOf(service).map((block) => {
    if (block.kind === 'heading')
      return `<h${block.level}>${escaped(block.text)}</h${block.level}>`;
    if (block.kind === 'text') return `<p>${escaped(block.text)}</p>`;
    return `<pre><code>${escaped(block.text)}</code></pre>`;
  });
  const title = escaped(service.title ?? service.name);
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${title}</title>\n${body.join('\n')}\n</html>\n`;
}

/** The `server.json` of the official MCP registry, with our endpoints as its remotes. */
export function serverJson(service: DocumentedService): JsonObject {
  const { name, title, description, version, endpoints } = service;
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-09-29/server.schema.json',
    name: `local.switchyard/${name}`,
    ...(title === null ? {} : { title }),
    description: (description ?? title ?? name).slice(0, 100),
    version,
    remotes: [
      { type: 'streamable-http', url: endpoints.streamable_http },
      { type: 'sse', url: endpoints.sse },
    ],
  };
}

function blocksOf(service: DocumentedService): Block[] {
  const { name, title, description, version, endpoints, tools } = service;
  const client = { mcpServers: { [name]: { type: 'http', url: endpoints.streamable_http } } };
  const curl = `curl -s ${endpoints.rest}/<tool> -H 'content-type: application/json' -d '{}'`;
  return [
    { kind: 'heading', level: 1, text: title ?? name },
    ...(description === null ? [] : [{ kind: 'text', text: description } as const]),
    { kind: 'text', text: `Version ${version}.` },
    { kind: 'heading', level: 2, text: 'Connect' },
    { kind: 'text', text: `Streamable HTTP: ${endpoints.streamable_http}` },
    { kind: 'text', text: `HTTP+SSE, for older clients: ${endpoints.sse}` },
    { kind: 'code', language: 'json', text: JSON.stringify(client, null, 2) },
    { kind: 'code', language: 'sh', text: curl },
    { kind: 'heading', level: 2, text: 'Tools' },
    ...(tools.length === 0 ? [{ kind: 'text', text: 'None are known yet.' } as const] : []),
    ...tools.flatMap(toolBlocks),
  ];
}

function toolBlocks(tool: JsonObject): Block[] {
  const { name, description, inputSchema, outputSchema } = tool;
  const blocks: Block[] = [{ kind: 'heading', level: 3, text: String(name) }];
  if (typeof description === 'string') blocks.push({ kind: 'text', text: description });
  for (const [what, schema] of [
    ['Arguments', inputSchema],
    ['Result', outputSchema],
  ] as const) {
    if (schema === undefined) continue;
    blocks.push({ kind: 'text', text: `${what}:` });
    blocks.push({ kind: 'code', language: 'json', text: JSON.stringify(schema, null, 2) });
  }
  return blocks;
}

function longestFence(text: string): number {
  return Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

import type { JsonObject } from '../kernel/json.js';
import type { ToolHit } from './tool-index.js';

export const SEARCH_TOOLS = 'search_tools';
export const CALL_TOOL = 'call_tool';

export const DEFAULT_LIMIT = 10;
export const MAX_LIMIT = 50;

const SEARCH: JsonObject = {
  name: SEARCH_TOOLS,
  title: 'Search tools',
  description:
    'Finds tools of all connected services by what they do. Use it first: the tools themselves are not listed here. ' +
    'Describe the task in a few words, for example "read a file" or "create issue". Each result has the name to call ' +
    `the tool by with ${CALL_TOOL}, its service, its description and the JSON Schema of its arguments.`,
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        description: 'What the tool should do, or words of its name. Empty lists tools in order.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        description: 'How many tools to answer at most.',
      },
    },
    required: ['query'],
  },
  outputSchema: {
    type: 'object',
    properties: {
      tools: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            service: { type: 'string' },
            title: { type: 'string' },
            description: { type: 'string' },
            inputSchema: { type: 'object' },
            score: { type: 'number' },
          },
          required: ['name', 'service', 'inputSchema', 'score'],
        },
      },
      searched: { type: 'integer' },
    },
    required: ['tools', 'searched'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
};

const CALL: JsonObject = {
  name: CALL_TOOL,
  title: 'Call a tool',
  description:
    `Calls a tool that ${SEARCH_TOOLS} found and answers what it answers. The arguments have to fit the inputSchema of ` +
    'that tool.',
  inputSchema: {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description: `The name of the tool exactly as ${SEARCH_TOOLS} gave it.`,
      },
      arguments: {
        type: 'object',
        description: 'The arguments of the tool, as its inputSchema says.',
        additionalProperties: true,
      },
    },
    required: ['name'],
  },
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
};

/** What is listed in search mode, as JSON. */
export const SEARCH_MODE_TOOLS: readonly string[] = [JSON.stringify(SEARCH), JSON.stringify(CALL)];

/** The `CallToolResult` of a search. `searched` is how many tools there are. */
export function searchResult(hits: readonly ToolHit[], searched: number): JsonObject {
  const tools = hits.map(({ tool, service, score }): JsonObject => {
    const { title, description, inputSchema } = tool.item;
    return {
      name: tool.name,
      service,
      ...(typeof title === 'string' ? { title } : {}),
      ...(typeof description === 'string' ? { description } : {}),
      inputSchema: inputSchema ?? { type: 'object' },
      score,
    };
  });
  const structuredContent: JsonObject = { tools, searched };
  return {
    content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
    structuredContent,
  };
}

/** What a model is told that did not get what it asked for, so that it can do better. */
export function toolError(text: string): JsonObject {
  return { content: [{ type: 'text', text }], isError: true };
}

/** The limit that was asked for, or the usual one. */
export function limitOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return DEFAULT_LIMIT;
  return Math.min(MAX_LIMIT, Math.max(1, Math.floor(value)));
}

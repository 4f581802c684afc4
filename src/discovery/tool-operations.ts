import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { plainText } from './plain-text.js';
import { exampleOf } from './schema-example.js';
import { freeForm, openApiSchema, type OpenApiSchema } from './tool-schema-openapi.js';

/** What one service adds to the OpenAPI document. */
export interface ServicePaths {
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly components: Readonly<Record<string, JsonObject>>;
}

export interface DocumentedService {
  readonly name: string;
  readonly tools: readonly JsonObject[];
}

const TOOL_NAME = /^[A-Za-z0-9_.\-/]{1,128}$/;
const PROBLEMS: Readonly<Record<string, string>> = {
  '404': 'The service or the tool is unknown; `similar` lists tools of like names',
  '422': 'The arguments do not fit the input schema, or the service refused the call',
  '429': 'Too many calls; see Retry-After',
  '502': 'The service broke; the call may have run',
  '503': 'The service does not serve now; see Retry-After',
  '504': 'The service did not answer in time; the call may have run',
};

/** Each tool of a service as a typed POST operation that can be run from the page. */
export function toolOperations(service: DocumentedService): ServicePaths {
  const used = new Set<string>();
  const paths: Record<string, JsonObject> = {};
  const components: Record<string, JsonObject> = {};
  for (const tool of service.tools) {
    const { name } = tool;
    if (typeof name !== 'string' || !TOOL_NAME.test(name)) continue;
    const prefix = `${service.name}.${name.replaceAll('/', '_')}`;
    const input = openApiSchema(tool.inputSchema, prefix, used);
    const output = isJsonObject(tool.outputSchema)
      ? openApiSchema(tool.outputSchema, prefix, used)
      : null;
    Object.assign(components, input.components, output?.components);
    const path = `/api/v1/services/${service.name}/tools/${encodeURIComponent(name)}`;
    paths[path] = { post: operation(service.name, name, tool, input, output) };
  }
  return { paths, components };
}

function operation(
  service: string,
  name: string,
  tool: JsonObject,
  input: OpenApiSchema,
  output: OpenApiSchema | null,
): JsonObject {
  const title = typeof tool.title === 'string' ? tool.title : name;
  const description = typeof tool.description === 'string' ? tool.description : '';
  const notes = [input.note, output?.note].filter((note) => typeof note === 'string');
  return {
    operationId: `${service}.${name}`,
    tags: [service],
    summary: plainText(title.slice(0, 120)),
    description: [plainText(description), ...notes].filter((text) => text !== '').join('\n\n'),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: input.schema,
          example: exampleOf(input.schema, input.components),
        },
      },
    },
    responses: { '200': answer(output ?? null), ...problems() },
  };
}

function answer(output: OpenApiSchema | null): JsonObject {
  const structured = output?.schema ?? freeForm('the tool declares none').schema;
  return {
    description: 'What the tool answered; its own error is `is_error: true`',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['is_error', 'content', 'result'],
          properties: {
            is_error: { type: 'boolean' },
            duration_ms: { type: 'integer' },
            content: { type: 'array', items: { type: 'object', additionalProperties: true } },
            structured_content: structured,
            result: {
              type: 'object',
              additionalProperties: true,
              description: 'The MCP result, verbatim',
            },
          },
        },
      },
    },
  };
}

function problems(): JsonObject {
  const responses: JsonObject = {};
  for (const [status, description] of Object.entries(PROBLEMS)) {
    const schema = { type: 'object', additionalProperties: true };
    responses[status] = { description, content: { 'application/problem+json': { schema } } };
  }
  return responses;
}

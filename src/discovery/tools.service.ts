import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import type { Endpoint } from '../gateway/endpoint.js';
import { Dispatcher, type ToolCallOptions } from '../gateway/dispatcher.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { toolDoorOf } from '../gateway/tool-door.js';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { compileSchema } from '../kernel/tool-schema.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { discoveryProblems } from './discovery.errors.js';
import type { ToolResultView } from './dto/service-detail.view.js';
import { ServiceAccessService } from './service-access.service.js';
import { fieldErrors, similarNames } from './tool-arguments.js';

const NOT_MOUNTED_RETRY_S = 2;

/** Tools over plain REST: the same door to the upstream as every MCP client goes through. */
@Injectable()
export class ToolsService {
  constructor(
    private readonly access: ServiceAccessService,
    private readonly lifecycle: LifecycleService,
    private readonly tables: RouteTableHolder,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** As last listed, without those that the service's policy refuses. */
  list(idOrName: string, principal: Principal): readonly JsonObject[] {
    const { service_id } = this.access.require(idOrName, principal);
    const { tools } = this.lifecycle.statusOf(service_id);
    const endpoint = this.tables.current.ofService(service_id);
    const door = endpoint === null ? null : toolDoorOf(endpoint);
    if (door === null) return tools;
    return tools.filter(({ name }) => typeof name === 'string' && door.refusalOf(name) === null);
  }

  /**
   * Calls a tool once. Throws `discovery.tool-unknown`, `discovery.arguments-invalid`, `discovery.not-mounted`, and what
   * the dispatcher throws (`gateway.*`, `auth.*`).
   */
  async call(
    idOrName: string,
    tool: string,
    args: unknown,
    principal: Principal,
    options: ToolCallOptions,
  ): Promise<ToolResultView> {
    const { service_id, spec } = this.access.require(idOrName, principal);
    const endpoint = this.tables.current.ofService(service_id);
    if (endpoint === null) {
      throw discoveryProblems['not-mounted']({
        detail: `${spec.name} is not mounted.`,
        retry_after_s: NOT_MOUNTED_RETRY_S,
      });
    }
    // Of a service that does not serve, that is what the caller has to know first.
    const known = endpoint.unavailable === null ? toolOf(endpoint, tool) : null;
    const checked = checkArguments(known, args);
    const { result, is_error, duration_ms } = await this.dispatcher.callTool(
      endpoint,
      principal,
      tool,
      checked,
      options,
    );
    const { content, structuredContent } = result;
    return {
      is_error,
      duration_ms,
      content: Array.isArray(content) ? content : [],
      ...(isJsonObject(structuredContent) ? { structured_content: structuredContent } : {}),
      result,
    };
  }
}

/** `null` where the endpoint serves no tools to compare with yet: then the upstream itself is asked. */
function toolOf(endpoint: Endpoint, name: string): JsonObject | null {
  const found = endpoint.tools.find((tool) => tool.name === name);
  if (found !== undefined) return found;
  if (endpoint.tools.length === 0) return null;
  const names = endpoint.tools.flatMap((tool) =>
    typeof tool.name === 'string' ? [tool.name] : [],
  );
  throw discoveryProblems['tool-unknown']({
    detail: `${endpoint.serviceName} has no tool ${JSON.stringify(name)}.`,
    extra: { similar: similarNames(name, names) },
  });
}

function checkArguments(tool: JsonObject | null, args: unknown): JsonObject {
  const body = args ?? {};
  if (!isJsonObject(body)) {
    const errors = [{ pointer: '', detail: 'must be object' }];
    throw discoveryProblems['arguments-invalid']({ errors });
  }
  if (tool === null || !isJsonObject(tool.inputSchema)) return body;
  const compiled = compileSchema(tool.inputSchema);
  // A schema that cannot be used says nothing about the arguments: the service judges them itself.
  const violations = compiled.ok ? compiled.validate(body) : [];
  if (violations.length === 0) return body;
  const detail = `The arguments do not fit the input schema of ${JSON.stringify(tool.name)}.`;
  throw discoveryProblems['arguments-invalid']({ detail, errors: fieldErrors(violations) });
}

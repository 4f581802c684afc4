import {
  Controller,
  Delete,
  Get,
  Post,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { EndpointPolicy } from '../gateway/endpoint.js';
import { EndpointAccess } from './endpoint-access.guard.js';

/** The dynamic controller of a service: its methods run guards and interceptors, the data plane does the rest. */
export interface EndpointController {
  call(): true;
  listen(): true;
  end(): true;
}

/** Which method answers for which HTTP method. */
export const HANDLERS = { POST: 'call', GET: 'listen', DELETE: 'end' } as const;

/** What the controller of a service depends on; an equal blueprint needs no new class. */
export interface ControllerBlueprint {
  readonly serviceName: string;
  readonly title: string;
  readonly description: string | null;
  readonly policy: EndpointPolicy | null;
}

/** A controller class of its own for one service, decorated as a written one would be. */
export function endpointControllerClass(
  blueprint: ControllerBlueprint,
  guards: readonly CanActivate[],
): Type<EndpointController> {
  const type = class implements EndpointController {
    call(): true {
      return true;
    }
    listen(): true {
      return true;
    }
    end(): true {
      return true;
    }
  };
  Object.defineProperty(type, 'name', { value: `${pascalCase(blueprint.serviceName)}Endpoint` });
  shareDecoration(type);
  describeMethods(type, blueprint);
  Controller(`mcp/${blueprint.serviceName}`)(type);
  ApiTags(blueprint.serviceName)(type);
  if (blueprint.policy !== null) EndpointAccess(blueprint.policy)(type);
  if (guards.length > 0) UseGuards(...guards)(type);
  return type;
}

const SESSION_HEADER = {
  name: 'Mcp-Session-Id',
  required: false,
  description: 'The session, as answered to `initialize`',
};

/**
 * What the classes of all services have in common, decorated once. Why: answers are kept by status, and an object with
 * such a number for a key has room for every number up to it, 5 KB; three methods of each service would each have one.
 */
class CommonEndpoint implements EndpointController {
  call(): true {
    return true;
  }
  listen(): true {
    return true;
  }
  end(): true {
    return true;
  }
}
decorateMethods(CommonEndpoint);

/** The same metadata, not copies of it. */
function shareDecoration(type: Type<EndpointController>): void {
  const [common, own] = [CommonEndpoint.prototype, type.prototype as EndpointController];
  for (const name of Object.values(HANDLERS)) {
    for (const key of Reflect.getOwnMetadataKeys(common[name]) as string[]) {
      Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, common[name]), own[name]);
    }
  }
}

function describeMethods(type: Type<EndpointController>, blueprint: ControllerBlueprint): void {
  const title = escapeMarkup(blueprint.title);
  const description = escapeMarkup(blueprint.description ?? '');
  decorate(type, 'call', [ApiOperation({ summary: `MCP messages to ${title}`, description })]);
  decorate(type, 'listen', [ApiOperation({ summary: `Event stream of a session with ${title}` })]);
  decorate(type, 'end', [ApiOperation({ summary: `End a session with ${title}` })]);
}

function decorateMethods(type: Type<EndpointController>): void {
  decorate(type, 'call', [
    Post(),
    ApiHeader(SESSION_HEADER),
    ApiBody({
      schema: { type: 'object', additionalProperties: true },
      examples: {
        'tools/list': { value: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} } },
      },
    }),
    ApiResponse({ status: 200, description: 'The JSON-RPC answer, as JSON or as an event stream' }),
    ApiResponse({ status: 202, description: 'A notification or an answer was taken' }),
    ApiResponse({ status: 404, description: 'The session is unknown: initialise again' }),
    ApiResponse({ status: 503, description: 'The service does not serve now; see Retry-After' }),
  ]);
  decorate(type, 'listen', [
    Get(),
    ApiHeader({ ...SESSION_HEADER, required: true }),
    ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Resume after this event' }),
    ApiResponse({ status: 200, description: 'text/event-stream of JSON-RPC messages' }),
    ApiResponse({ status: 404, description: 'The session is unknown: initialise again' }),
  ]);
  decorate(type, 'end', [
    Delete(),
    ApiHeader({ ...SESSION_HEADER, required: true }),
    ApiResponse({ status: 204, description: 'The session has ended' }),
    ApiResponse({ status: 404, description: 'The session is unknown' }),
  ]);
}

function decorate(
  type: Type<EndpointController>,
  method: keyof EndpointController,
  decorators: readonly MethodDecorator[],
): void {
  const prototype = type.prototype as object;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  if (descriptor === undefined) return;
  for (const apply of decorators) apply(prototype, method, descriptor);
}

/** Authors' text is shown as text: no HTML of theirs reaches a page. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

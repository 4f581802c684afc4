import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { JsonObject } from '../../../src/kernel/json.js';

/** What a member is made of. Lists may be changed while it runs. */
export interface MemberScript {
  readonly name: string;
  tools: JsonObject[];
  prompts?: string[];
  resources?: string[];
  templates?: string[];
  /** Calls of `hold` that wait. */
  readonly held: (() => void)[];
  /** Log level that was set last. */
  level?: string;
  readonly subscribed: Set<string>;
  /** Whether lists are kept back. */
  mute?: boolean;
  onCrash?: () => void;
}

export const tool = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  inputSchema: { type: 'object' },
  ...more,
});

export function script(name: string, over: Partial<MemberScript> = {}): MemberScript {
  const tools = ['echo', 'hold', 'progress', 'sample', 'log', 'fail', 'crash'].map((each) =>
    tool(each),
  );
  return { name, tools, held: [], subscribed: new Set(), ...over };
}

const text = (value: string): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: value }],
});

/** A server of the official SDK that does what `member` says. */
export function memberServer(member: MemberScript): Server {
  const server = new Server(
    { name: member.name, version: '1' },
    {
      capabilities: {
        tools: { listChanged: true },
        logging: {},
        ...(member.prompts === undefined
          ? {}
          : { prompts: { listChanged: true }, completions: {} }),
        ...(member.resources === undefined
          ? {}
          : { resources: { subscribe: true, listChanged: true } }),
      },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, async ({ params }) => {
    if (member.mute === true) await new Promise(() => undefined);
    const from = Number(params?.cursor ?? 0);
    const page = member.tools.slice(from, from + 5);
    const next = from + 5;
    return {
      tools: page as never[],
      ...(next < member.tools.length ? { nextCursor: String(next) } : {}),
    };
  });
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    member.level = params.level;
    return {};
  });
  serveTools(server, member);
  if (member.prompts !== undefined) servePrompts(server, member);
  if (member.resources !== undefined) serveResources(server, member);
  return server;
}

function serveTools(server: Server, member: MemberScript): void {
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { name, arguments: args = {}, _meta: meta } = params;
    switch (name) {
      case 'hold':
        await new Promise<void>((resolve) => member.held.push(resolve));
        return text(`${member.name}:held`);
      case 'progress':
        for (const progress of [1, 2, 3]) {
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken: meta?.progressToken ?? '', progress, total: 3 },
          });
        }
        await new Promise<void>((resolve) => member.held.push(resolve));
        return text('done');
      case 'sample': {
        const asked = { method: 'sampling/createMessage' as const, params: SAMPLE };
        const said = await server.request(asked, CreateMessageResultSchema);
        return text(`${member.name} sampled ${JSON.stringify(said.content)}`);
      }
      case 'elicit': {
        const { content } = await server.elicitInput({ message: 'Which?', requestedSchema: ASKED });
        return text(`${member.name} was told ${JSON.stringify(content)}`);
      }
      case 'touch':
        await server.sendResourceUpdated({ uri: String(args.uri) });
        return text('touched');
      case 'log':
        await server.notification({
          method: 'notifications/message',
          params: { level: 'info', data: `${member.name} logs` },
        });
        return text('logged');
      case 'fail':
        throw new Error(`${member.name} failed`);
      case 'crash':
        member.onCrash?.();
        await new Promise(() => undefined);
        return text('');
      default:
        return { ...text(`${member.name}/${name}:${JSON.stringify(args)}`), extra: 1 };
    }
  });
}

const ASKED = {
  type: 'object' as const,
  properties: { colour: { type: 'string' as const } },
};
const SAMPLE = { messages: [], maxTokens: 1 };

function servePrompts(server: Server, member: MemberScript): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: (member.prompts ?? []).map((name) => ({ name, description: `${name} prompt` })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `${member.name}>${params.name}` } }],
  }));
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => ({
    completion: { values: [`${member.name}:${JSON.stringify(params.ref)}`] },
  }));
}

function serveResources(server: Server, member: MemberScript): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: (member.resources ?? []).map((uri) => ({ uri, name: uri })),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: (member.templates ?? []).map((uriTemplate) => ({
      uriTemplate,
      name: uriTemplate,
    })),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({
    contents: [{ uri: params.uri, text: member.name }],
  }));
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    member.subscribed.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    member.subscribed.delete(params.uri);
    return {};
  });
}

import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { headerValue } from '../protocol/header-value.js';
import {
  MIRROR_ANNOTATION,
  mirroredParams,
  valueAt,
  type MirroredParam,
} from '../protocol/mirrored-params.js';

/** Tools with such parameters that are remembered per upstream; the oldest is forgotten first. */
const MAX_TOOLS = 10_000;
const MARK = Buffer.from(`"${MIRROR_ANNOTATION}"`);

/**
 * Which parameters of which tools of one upstream are HTTP headers, too (2026-07-28, Streamable HTTP, `x-mcp-header`), as
 * its own answers to `tools/list` say.
 */
export class ParamHeaders {
  private readonly tools = new Map<string, readonly MirroredParam[]>();

  /**
   * Learns from an answer to `tools/list`. Answers it without the tools whose annotations break the rules, which a client
   * must not offer, or as it is when there are none.
   */
  learn(answer: Buffer): Buffer {
    if (this.tools.size === 0 && !answer.includes(MARK)) return answer;
    const message = parse(answer);
    const result = message?.result;
    if (message === null || !isJsonObject(result) || !Array.isArray(result.tools)) return answer;
    const kept = result.tools.filter((tool) => this.learnTool(tool));
    if (kept.length === result.tools.length) return answer;
    return Buffer.from(JSON.stringify({ ...message, result: { ...result, tools: kept } }));
  }

  /** Whether calls of the tool need such headers. */
  has(tool: string): boolean {
    return this.tools.has(tool);
  }

  /** The headers of a call, name after value after name. */
  headersFor(tool: string, args: unknown): string[] {
    const headers: string[] = [];
    for (const param of this.tools.get(tool) ?? []) {
      const value = textOf(valueAt(args, param));
      if (value !== null) headers.push(param.header, headerValue(value));
    }
    return headers;
  }

  /** Answers `false` for a tool that must not be offered. */
  private learnTool(tool: unknown): boolean {
    if (!isJsonObject(tool) || typeof tool.name !== 'string') return true;
    const found = mirroredParams(tool.inputSchema);
    this.tools.delete(tool.name);
    if (found !== null && found.length > 0) {
      this.tools.set(tool.name, found);
      const oldest = this.tools.keys().next().value;
      if (this.tools.size > MAX_TOOLS && oldest !== undefined) this.tools.delete(oldest);
    }
    return found !== null;
  }
}

/** The value as header text; `null` when there is none, or none that a header can have. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function parse(message: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(message.toString('utf8'));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

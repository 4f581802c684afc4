import type { Command } from 'commander';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { ApiClient, type ApiAnswer, type ApiRequest } from './api-client.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { Progress } from './progress.js';
import type { GlobalOptions, Terminal } from './terminal.js';

/** The gateway that the options name, and the form of output that they ask for. */
export class Session {
  constructor(
    private readonly program: Command,
    readonly terminal: Terminal,
  ) {}

  get api(): ApiClient {
    const { url, apiKey } = this.program.opts<GlobalOptions>();
    return new ApiClient(url, apiKey ?? null, this.terminal.fetch);
  }

  get isJson(): boolean {
    return this.program.opts<GlobalOptions>().json === true;
  }

  print(answer: ApiAnswer, render: (body: JsonObject) => string): void {
    this.show(answer.body ?? {}, render);
  }

  /** A document: as it is with `--json`, else in words. */
  show(body: JsonObject, render: (body: JsonObject) => string): void {
    this.terminal.out(`${this.isJson ? JSON.stringify(body, null, 2) : render(body)}\n`);
  }

  /** A request that may take long; `service` is watched meanwhile, so that a person sees how far it is. */
  async wait(
    method: string,
    path: string,
    request: ApiRequest,
    service: string | null,
  ): Promise<ApiAnswer> {
    const progress = new Progress(this.terminal, this.api, service);
    return progress.during(this.api.request(method, path, request));
  }

  /** A write on what exists: sends the ETag that it has now, so that nothing that came in between is overwritten. */
  async change(
    method: string,
    path: string,
    { query = '', ...request }: ApiRequest & { readonly query?: string },
    service: string | null,
  ): Promise<ApiAnswer> {
    const { headers } = await this.api.request('GET', path);
    const ifMatch = { 'if-match': headers.get('etag') ?? '*' };
    const all = { ...request, headers: { ...request.headers, ...ifMatch } };
    return this.wait(method, `${path}${query}`, all, service);
  }

  /** All pages of a list as one. */
  async all(path: string, query: URLSearchParams = new URLSearchParams()): Promise<ApiAnswer> {
    const items: JsonObject[] = [];
    query.set('limit', '500');
    for (;;) {
      const answer = await this.api.request('GET', `${path}?${query.toString()}`);
      const page = answer.body ?? {};
      if (Array.isArray(page['items'])) items.push(...page['items'].filter(isJsonObject));
      const cursor = page['next_cursor'];
      if (typeof cursor !== 'string') return { ...answer, body: { ...page, items } };
      query.set('cursor', cursor);
    }
  }
}

/** The header by which a write says how long to wait for its effect. */
export function waitHeader(seconds: string): Readonly<Record<string, string>> {
  if (/^\d{1,3}$/.test(seconds) && Number(seconds) <= 300) return { prefer: `wait=${seconds}` };
  throw new CommandFailure(EXIT.usage, '--wait takes whole seconds, at most 300.');
}

/** A whole number of at least 1 that somebody typed. */
export function countOf(text: string, what: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandFailure(EXIT.usage, `${what} is a whole number from 1, not "${text}".`);
}

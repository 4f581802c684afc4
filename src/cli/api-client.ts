import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { renderProblem } from './render.js';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject | null;
}

export interface ApiRequest {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`; its content type is among the headers. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Longer than any wait that the gateway grants. */
const TIMEOUT_MS = 330_000;
const PROBE_TIMEOUT_MS = 5000;

/** Calls the management API. A refusal ends the command with exit code 1, a gateway that cannot be reached with 3. */
export class ApiClient {
  private readonly base: string;

  constructor(
    url: string,
    private readonly apiKey: string | null,
    private readonly fetch: Fetch = globalThis.fetch,
  ) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new CommandFailure(EXIT.usage, `${url} is not an http or https URL.`);
    }
    // Checked here, as the error of a header that cannot be sent would say the key out loud.
    if (apiKey !== null && !/^[\u0021-\u007e]*$/.test(apiKey)) {
      const advice = 'A key is one word of ASCII; see --api-key and SWITCHYARD_API_KEY.';
      throw new CommandFailure(EXIT.usage, `The API key has characters that no key has. ${advice}`);
    }
    this.base = url.replace(/\/+$/, '');
  }

  async request(
    method: string,
    path: string,
    { body, text, headers = {} }: ApiRequest = {},
  ): Promise<ApiAnswer> {
    const response = await this.send(`${this.base}/api/v1${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/json, application/problem+json',
        'content-type': 'application/json',
        ...this.credentials,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await this.read(response);
    if (response.ok) return { status: response.status, headers: response.headers, body: answer };
    throw new CommandFailure(EXIT.refused, renderProblem(response.status, answer), answer);
  }

  /** The body of an answer that is no JSON document: an event stream, a bundle, an archive. It has no time limit. */
  async open(path: string, accept: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.send(`${this.base}/api/v1${path}`, {
      redirect: 'error',
      headers: { accept: `${accept}, application/problem+json`, ...this.credentials },
    });
    if (!response.ok) {
      const problem = await this.read(response);
      throw new CommandFailure(EXIT.refused, renderProblem(response.status, problem), problem);
    }
    if (response.body === null) {
      throw new CommandFailure(EXIT.unreachable, `${this.base} answers without a body.`);
    }
    return response.body;
  }

  /** A document outside `/api/v1`, whatever its status; `null` when it is no JSON object. */
  async probe(
    path: string,
    withinMs = PROBE_TIMEOUT_MS,
  ): Promise<{ readonly status: number; readonly body: JsonObject | null }> {
    const response = await this.send(`${this.base}${path}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(withinMs),
      headers: { accept: 'application/json', ...this.credentials },
    });
    const text = await response.text().catch(() => '');
    try {
      const value: unknown = JSON.parse(text);
      return { status: response.status, body: isJsonObject(value) ? value : null };
    } catch {
      return { status: response.status, body: null };
    }
  }

  private get credentials(): Readonly<Record<string, string>> {
    return this.apiKey === null ? {} : { authorization: `Bearer ${this.apiKey}` };
  }

  private async send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetch(url, init);
    } catch (error) {
      throw new CommandFailure(
        EXIT.unreachable,
        `${this.base} cannot be reached: ${reasonOf(error)}.\nIs the gateway running? Start it with "switchyard serve", or name it with --url.`,
      );
    }
  }

  private async read(response: Response): Promise<JsonObject | null> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw new CommandFailure(EXIT.unreachable, `The answer broke off: ${reasonOf(error)}.`);
    }
    if (text === '') return null;
    try {
      const value: unknown = JSON.parse(text);
      if (isJsonObject(value)) return value;
    } catch {
      // Falls through: whatever answers there is not the gateway.
    }
    throw new CommandFailure(EXIT.unreachable, `${this.base} does not answer as a gateway does.`);
  }
}

/** Undici hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message === '' ? code : cause.message;
}

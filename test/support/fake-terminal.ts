import type { MigrateOptions, Terminal } from '../../src/cli/terminal.js';
import type { JsonObject } from '../../src/kernel/json.js';
import { SystemRandom } from '../../src/kernel/random.js';
import { ManualClock } from './manual-clock.js';

/** What a command asked of the gateway. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, from `/api/v1` on. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | null;
}

export interface CannedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
}

/** Answers by `METHOD /path?query`; a request that has none is refused as the gateway refuses what it does not know. */
export type CannedAnswers = Readonly<Record<string, CannedAnswer>>;

/** A terminal whose gateway is a table of answers, and that keeps what was printed and asked. */
export class FakeTerminal implements Terminal {
  readonly requests: SeenRequest[] = [];
  readonly clock = new ManualClock();
  readonly random = new SystemRandom();
  readonly version = '1.2.3';
  isInteractive = false;
  stdout = '';
  stderr = '';
  served = 0;
  given = '';

  constructor(private readonly answers: CannedAnswers = {}) {}

  readonly out = (text: string): void => {
    this.stdout += text;
  };

  readonly err = (text: string): void => {
    this.stderr += text;
  };

  readonly serve = (): Promise<void> => {
    this.served += 1;
    return Promise.resolve();
  };

  readonly migrate = (options: MigrateOptions): Promise<JsonObject> =>
    Promise.resolve({ ...options, revision: 7, kinds: [], faults: [] });

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(url);
    const method = init.method ?? 'GET';
    const path = `${pathname}${search}`;
    const body = typeof init.body === 'string' ? init.body : null;
    this.requests.push({ method, path, headers: new Headers(init.headers), body });
    const { status = 200, headers, body: answer } = this.answers[`${method} ${path}`] ?? UNKNOWN;
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer ?? {});
    return Promise.resolve(
      new Response(status === 204 ? null : text, { status, headers: { ...headers } }),
    );
  };

  get stdin(): AsyncIterable<Uint8Array | string> {
    const { given } = this;
    return (async function* () {
      await Promise.resolve();
      yield given;
    })();
  }

  /** `METHOD /path` of each request, in order. */
  get asked(): readonly string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }
}

const UNKNOWN: CannedAnswer = {
  status: 404,
  body: { title: 'Not found', status: 404, code: 'http.not-found', detail: 'Nothing is there.' },
};

// HOT PATH
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { authProblems } from '../auth/auth.errors.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { PageGrant } from '../auth/page-grant.js';
import type { Principal } from '../auth/principal.js';
import type { RequestGate } from '../auth/request-gate.js';
import type { Clock } from '../kernel/clock.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import type { Logger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import { DenialTeller } from './denial-teller.js';
import type { Dispatcher } from './dispatcher.js';
import type { CompiledHandler, RouteMatch } from './endpoint.js';
import { gatewayProblems } from './gateway.errors.js';
import { Inbound } from './inbound.js';
import { LegacySse } from './legacy-sse.js';
import { closeWithConnection } from './queued-responses.js';
import { sendProblem, sendRefusal } from './reply.js';
import { isRootPath, type RootEndpoints } from './root-endpoints.js';
import type { RouteTableHolder } from './route-table.js';
import type { SessionTable } from './session-table.js';
import type { StatelessFront } from './stateless-front.js';
import { StreamableHttp } from './streamable-http.js';

/** How many gateways a request went through; requests of ours to upstreams carry one more. */
const HOP_HEADER = 'x-switchyard-hop';
const MAX_HOPS = 3;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** A client that dawdles over its headers or body is cut off after these (slow-request attacks). */
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than the idle time of usual clients' pools, so that it is not us who closes under a request. */
const KEEP_ALIVE_MS = 65_000;
const DRAIN_RETRY_S = 5;

export interface GatewayParts {
  readonly routes: RouteTableHolder;
  readonly sessions: SessionTable;
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  readonly gate: RequestGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Path under which clients reach us: `''`, or a prefix without trailing slash. */
  readonly basePath: string;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Stands in front of Nest at the server's `request` event: rules that hold for every path, then `/mcp…` served here and
 * everything else by Nest's own listeners. Upgrades are not taken: without a listener Node answers such a request as
 * the plain one it also is, which keeps clients working that offer h2c by default.
 */
export class GatewayMount {
  private readonly streamable: StreamableHttp;
  private readonly legacy: LegacySse;
  private readonly denials: DenialTeller;
  private readonly idPrefix: string;
  private ids = 0;
  private behind: readonly RequestListener[] = [];
  private server: Server | null = null;
  private root: RootEndpoints | null = null;

  constructor(
    private readonly parts: GatewayParts,
    idPrefix: string,
  ) {
    const { sessions, dispatcher, logger } = parts;
    this.idPrefix = idPrefix;
    this.denials = new DenialTeller(parts.authenticator);
    dispatcher.flow.onFault = (error) => {
      logger.error({ err: error }, 'a call that had waited failed');
    };
    this.streamable = new StreamableHttp(sessions, dispatcher, logger);
    this.legacy = new LegacySse(sessions, dispatcher, parts.basePath, logger);
  }

  /** Serves the gateway's own paths; without it they answer 404. To be called once, before `mount`. */
  serveRoot(root: RootEndpoints): void {
    this.root = root;
  }

  /** Serves clients of the stateless protocol; without it they are told the versions that are spoken. Before `mount`. */
  serveStateless(front: StatelessFront): void {
    this.streamable.stateless = front;
  }

  /** To be called once, after Nest is initialised. */
  mount(server: Server): void {
    this.server = server;
    this.behind = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on('request', (request, response) => {
      this.onRequest(request, response);
    });
    this.parts.routes.onSwap((next, before) => {
      this.parts.sessions.follow(next);
      this.parts.dispatcher.follow(next, before);
    });
  }

  /**
   * Refuses new calls, ends standing streams, waits for calls under way up to `deadlineMs`, then ends every session.
   * Answers how many calls were cut.
   */
  async drain(deadlineMs: number): Promise<number> {
    const { dispatcher, sessions, clock } = this.parts;
    dispatcher.startDraining();
    sessions.endStreams();
    this.server?.closeIdleConnections();
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(deadlineMs, resolve);
      dispatcher.ledger.whenIdle(() => {
        cancel();
        resolve();
      });
    });
    const cut = dispatcher.ledger.total;
    sessions.endAll();
    dispatcher.closeOwn();
    sessions.pulse.stop();
    return cut;
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    closeWithConnection(request, response);
    const requestId = this.requestIdOf(request);
    const url = request.url ?? '/';
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const pages = request.headers.origin === undefined ? null : this.pagesOf(path);
    const refusal = this.parts.gate.check(request, pages);
    if (refusal !== null) {
      this.denials.consider(request, path, requestId, refusal);
      sendRefusal(response, requestId, path, refusal);
      return;
    }
    if (request.headers.origin !== undefined && this.answersPreflight(request, response, pages))
      return;
    if (path.startsWith('/mcp') && (path.length === 4 || path[4] === '/')) {
      this.serve(request, response, requestId, path, query < 0 ? '' : url.slice(query + 1));
      return;
    }
    (request as AdmittedRequest).request_id = requestId;
    response.setHeader('x-request-id', requestId);
    for (const listener of this.behind) listener.call(this.server, request, response);
  }

  private serve(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    path: string,
    query: string,
  ): void {
    if (this.parts.dispatcher.isDraining) response.shouldKeepAlive = false;
    try {
      const problem = this.route(request, response, requestId, path, query);
      if (problem === null) return;
      this.denials.consider(request, path, requestId, problem);
      sendProblem(response, requestId, path, problem);
    } catch (error) {
      this.fail(response, requestId, path, error);
    }
  }

  /** Answers what is wrong, or `null` when the request is being served. */
  private route(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    path: string,
    query: string,
  ): ProblemError | null {
    const { dispatcher, authenticator } = this.parts;
    const hops = hopsOf(request);
    if (hops > MAX_HOPS) return gatewayProblems['too-many-hops']();
    const principal = authenticator.authenticate(request.headers);
    if (principal === null) {
      return authProblems['credentials-missing']({
        headers: { 'www-authenticate': 'Bearer realm="switchyard"' },
      });
    }
    if (dispatcher.isDraining && request.method !== 'POST') {
      return gatewayProblems.draining({ retry_after_s: DRAIN_RETRY_S });
    }
    const match = this.matchOf(path, query, principal);
    if (match instanceof ProblemError) return match;
    const { endpoint, rest } = match;
    const admission = { endpoint, principal, hops };
    const inbound = new Inbound(request, response, requestId, path, admission);
    if (endpoint.guarded === null) this.enter(inbound, rest);
    else this.guard(inbound, rest, endpoint.guarded);
    return null;
  }

  private matchOf(path: string, query: string, principal: Principal): RouteMatch | ProblemError {
    if (this.root !== null && isRootPath(path)) return this.root.match(path, query, principal);
    const match = this.parts.routes.current.match(path);
    if (match === null) return gatewayProblems['unknown-route']();
    return this.parts.dispatcher.admitCaller(match.endpoint, principal) ?? match;
  }

  private enter(inbound: Inbound, rest: string): void {
    if (rest === '') this.streamable.serve(inbound);
    else if (rest === '/sse') this.legacy.serveStream(inbound);
    else this.legacy.serveMessage(inbound);
  }

  /** The guard answers itself, throws, or resolves to something truthy; only then the request goes on. */
  private guard(inbound: Inbound, rest: string, guarded: CompiledHandler): void {
    const { request, response, requestId, path } = inbound;
    const admitted: AdmittedRequest = Object.assign(request, {
      principal: inbound.principal,
      request_id: requestId,
    });
    guarded(admitted, response)
      .then((passed) => {
        if (!Boolean(passed)) throw gatewayProblems.denied();
        this.enter(inbound, rest);
      })
      .catch((error: unknown) => {
        const problem = problemOf(error);
        this.denials.consider(request, path, requestId, problem);
        this.fail(response, requestId, path, error);
      });
  }

  private fail(response: ServerResponse, requestId: string, path: string, error: unknown): void {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      this.parts.logger.error({ err: error, request_id: requestId, path }, 'a request failed');
    }
    if (response.headersSent) response.destroy();
    else sendProblem(response, requestId, path, problem);
  }

  /** The pages that the service of a path lets in. */
  private pagesOf(path: string): PageGrant | null {
    if (!path.startsWith('/mcp/')) return null;
    return this.parts.routes.current.match(path)?.endpoint.pages ?? null;
  }

  /** A known id is kept, so that a call can be followed through several systems. */
  private requestIdOf(request: IncomingMessage): string {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
    this.ids += 1;
    return this.idPrefix + this.ids.toString(36);
  }

  /** Adds the CORS headers (Fetch, CORS protocol); `true` when the request was but a preflight and is answered. */
  private answersPreflight(
    request: IncomingMessage,
    response: ServerResponse,
    pages: PageGrant | null,
  ): boolean {
    const headers = this.parts.gate.corsHeaders(request, pages);
    if (headers === null) return false;
    for (const name of Object.keys(headers)) response.setHeader(name, headers[name] ?? '');
    if (request.method !== 'OPTIONS') return false;
    if (request.headers['access-control-request-method'] === undefined) return false;
    response.writeHead(204).end();
    return true;
  }
}

function hopsOf(request: IncomingMessage): number {
  const hops = request.headers[HOP_HEADER];
  if (hops === undefined) return 0;
  const count = Number(hops);
  return Number.isInteger(count) && count >= 0 ? count : MAX_HOPS + 1;
}

/** What a guard threw: a problem of ours, or an exception of Nest that carries its status. */
function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  if (status === null || status >= 500) return gatewayProblems['guard-failed']({ cause: error });
  const detail = error instanceof Error ? error.message : undefined;
  const { definition } = gatewayProblems.denied();
  return new ProblemError('gateway.denied', { ...definition, status }, { detail, cause: error });
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('getStatus' in error)) return null;
  const { getStatus } = error;
  if (typeof getStatus !== 'function') return null;
  const status: unknown = getStatus.call(error);
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : null;
}

import type { ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.js';
import { pathOf, type AdmittedRequest } from '../auth/request-principal.js';
import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { answeredProblem } from '../observability/answered-problem.js';
import type { CommitRecord } from '../storage/record-store.js';
import { ANONYMOUS, type Attempt, type AttemptCommit } from './attempt-record.js';
import { matchTemplate, verbOf, type KnownRoute } from './route-names.js';
import { routeOf } from './router-routes.js';

export interface RecorderParts {
  readonly clock: Clock;
  /** Takes what was found out; never throws. */
  readonly record: (attempt: Attempt) => void;
  /** Routes of the management API. */
  readonly routes: () => readonly KnownRoute[];
  readonly authenticate: (request: AdmittedRequest) => Principal | null;
  /** The id of a service by its id or name; `null` = there is none. */
  readonly serviceId: (idOrName: string) => string | null;
  /** Whether a request is the gateway's own, which wants to be refused. */
  readonly isOwn: (requestId: unknown) => boolean;
}

interface Open {
  readonly request: AdmittedRequest;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly requestId: string | null;
  /** Of the service in the path, as it was before the request. */
  readonly serviceId: string | null;
  readonly commits: AttemptCommit[];
}

const MAX_COMMITS = 100;
const MAX_SUBJECT_CHARS = 128;
/** How long the commit of a request may follow whose caller has left. */
const LINGER_MS = 120_000;
const MAX_LINGERING = 500;
/** In place of a status that nobody was there to hear. */
const CALLER_LEFT = 499;
const TOOL_CALL = '/api/v1/services/{id}/tools/{tool}';
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** 404, so that names do not leak; still it is the key that is refused. */
const HIDDEN = 'auth.service-unknown';
/** Told by the dispatcher already. */
const TOLD = 'gateway.tool-denied';

/**
 * Sees every request of the management API when it is over, and records it unless one commit of its own tells of it: what
 * was refused, what failed, and what changed something outside the store. So each has exactly one entry.
 */
export class RequestRecorder {
  /** Requests under way by id; an id that a client uses twice at a time has several. */
  private readonly open = new Map<string, Open[]>();
  private lingering = 0;

  constructor(private readonly parts: RecorderParts) {}

  begin(request: AdmittedRequest, response: ServerResponse): void {
    const path = pathOf(request);
    const entry: Open = {
      request,
      response,
      method: request.method ?? 'GET',
      path,
      requestId: request.request_id ?? null,
      serviceId: this.serviceIn(path),
      commits: [],
    };
    this.remember(entry);
    let isFinished = false;
    response.once('finish', () => {
      isFinished = true;
      this.forget(entry);
      this.settle(entry, response.statusCode, answeredProblem(response));
    });
    response.once('close', () => {
      if (!isFinished) this.linger(entry);
    });
  }

  hearCommit({ revision, meta }: CommitRecord): void {
    if (meta.request_id === undefined) return;
    const entries = this.open.get(meta.request_id) ?? [];
    const entry = entries.find(({ commits }) => commits.length === 0) ?? entries.at(-1);
    if (entry === undefined || entry.commits.length >= MAX_COMMITS) return;
    entry.commits.push({ revision, verb: meta.verb, subject: meta.subject ?? null });
  }

  /** A message of `switchyard:denial`. */
  hearDenial(message: unknown): void {
    if (!isJsonObject(message)) return;
    const { actor, method, route, subject, tool, code, status, request_id } = message;
    if (this.parts.isOwn(request_id)) return;
    if (typeof route !== 'string' || typeof subject !== 'string' || typeof status !== 'number') {
      return;
    }
    const isRefused = status === 401 || status === 403;
    const template = route === '/{path}' ? this.matched(String(method), subject) : null;
    // Only what would have changed something is a failure worth a record.
    if (!isRefused && (template === null || READING.has(String(method)))) return;
    const isTool = typeof method !== 'string';
    const isData = isTool || route !== '/{path}';
    this.parts.record({
      at: this.parts.clock.timestamp(),
      outcome: isRefused ? 'denied' : 'failed',
      actor: typeof actor === 'string' ? actor : ANONYMOUS,
      source: isData ? 'mcp' : 'api',
      verb: verbOfDenial(isTool ? null : method, isData, template),
      route: isTool ? route : `${method} ${template ?? route}`,
      subject: isTool ? subject : this.subjectOf(subject, template),
      status,
      code: typeof code === 'string' ? code : null,
      request_id: typeof request_id === 'string' ? request_id : null,
      ...(typeof tool === 'string' ? { tool: tool.slice(0, MAX_SUBJECT_CHARS) } : {}),
      count: 1,
    });
  }

  private settle(entry: Open, status: number, code: string | null): void {
    const { request, method, path, commits } = entry;
    if (code === TOLD) return;
    const isDenied = status === 401 || status === 403 || code === HIDDEN;
    const template = routeOf(request) ?? this.matched(method, path);
    const isChange = !READING.has(method) && template !== null && template !== TOOL_CALL;
    if (!isDenied && !isChange) return;
    if (!isDenied && status < 400 && commits.length === 1) return;
    const outcome = isDenied ? 'denied' : status >= 400 ? 'failed' : 'done';
    const principal = request.principal ?? this.parts.authenticate(request);
    const reason = reasonOf(entry);
    this.parts.record({
      at: this.parts.clock.timestamp(),
      outcome,
      actor: principal?.id ?? ANONYMOUS,
      source: principal?.kind === 'hook' ? 'hook' : 'api',
      verb:
        template === null
          ? 'request'
          : template === TOOL_CALL
            ? 'tool.call'
            : verbOf(method, template),
      route: `${method} ${template ?? '/{path}'}`,
      subject: entry.serviceId ?? this.subjectOf(path, template) ?? commits[0]?.subject ?? null,
      status,
      code,
      request_id: entry.requestId,
      ...(reason === null ? {} : { reason }),
      count: 1,
      ...(commits.length === 0 ? {} : { commits }),
    });
  }

  /** The caller has left; what was asked for may still be done, and then its commit tells of it. */
  private linger(entry: Open): void {
    if (READING.has(entry.method)) return;
    const end = (): void => {
      this.lingering -= 1;
      this.forget(entry);
      this.settle(entry, entry.commits.length === 0 ? CALLER_LEFT : 200, null);
    };
    this.lingering += 1;
    if (this.lingering > MAX_LINGERING) end();
    else this.parts.clock.schedule(LINGER_MS, end);
  }

  private remember(entry: Open): void {
    if (entry.requestId === null || READING.has(entry.method)) return;
    const same = this.open.get(entry.requestId);
    if (same === undefined) this.open.set(entry.requestId, [entry]);
    else same.push(entry);
  }

  private forget(entry: Open): void {
    const { requestId } = entry;
    if (requestId === null) return;
    const others = (this.open.get(requestId) ?? []).filter((one) => one !== entry);
    if (others.length === 0) this.open.delete(requestId);
    else this.open.set(requestId, others);
  }

  private matched(method: string, path: string): string | null {
    return matchTemplate(this.parts.routes(), method, path);
  }

  private serviceIn(path: string): string | null {
    const name = /^\/(?:api\/v1\/services|mcp)\/([^/]+)/i.exec(path)?.[1];
    return name === undefined ? null : this.parts.serviceId(decoded(name));
  }

  /** The id of the service in the path, else the first thing of the caller's in it. */
  private subjectOf(path: string, template: string | null): string | null {
    const serviceId = this.serviceIn(path);
    if (serviceId !== null) return serviceId;
    const at = template?.split('/').findIndex((word) => word.startsWith('{')) ?? -1;
    const word = template === null && path.startsWith('/mcp/') ? path.split('/')[2] : undefined;
    const named = at < 0 ? word : path.split('/')[at];
    return named === undefined ? null : decoded(named).slice(0, MAX_SUBJECT_CHARS);
  }
}

function verbOfDenial(method: string | null, isData: boolean, template: string | null): string {
  if (method === null) return 'tool.call';
  if (isData) return 'mcp.connect';
  return template === null ? 'request' : verbOf(method, template);
}

function reasonOf({ request, response }: Open): string | null {
  const url = request.originalUrl ?? request.url ?? '';
  if (/[?&]dry_run=true(&|$)/.test(url)) return 'dry run';
  if (response.getHeader('idempotency-replayed') !== undefined) return 'answer repeated';
  return response.writableFinished ? null : 'the caller left before the answer';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { connectSse, textOf } from '../support/mcp-clients.js';
import { SessionClient, type Heard, type Message } from './session-client.js';
import type { SoakLedger } from './soak-ledger.js';

export interface SoakContext {
  readonly port: number;
  readonly service: string;
  readonly ledger: SoakLedger;
  readonly running: () => boolean;
  /** Tells the clients apart. */
  readonly name: string;
}

/** A session that ended with its child or an update is opened anew; a service that is being restarted is waited for. */
const RETRY_MS = 100;
const MAX_OPENINGS = 200;
/** What may happen to a call while children are killed: the gateway says that it may have run. */
const LOST = new Set([
  'exited',
  'disconnected',
  'stopped',
  'aborted',
  'connect-refused',
  'retired',
  'exited-early',
]);

/** Calls without pause, with reports and without. */
export async function caller(context: SoakContext): Promise<void> {
  const client = new SessionClient(context.port, context.service);
  if (!(await reopen(context, client))) return;
  for (let n = 0; context.running(); n += 1) {
    const key = `${context.name}.${n}`;
    const steps = n % 4 === 0 ? 3 : 0;
    const id = client.nextId();
    const heard = await client.call(id, { key, steps, ms: 5 * (n % 5) }, `t-${key}`);
    judge(context, key, id, heard.messages, heard);
    if (heard.status === 404 && !(await reopen(context, client))) return;
    await pause(5);
  }
  await client.close();
}

/** Leaves in the middle of an answer and comes back for the rest, which has to be whole. */
export async function returner(context: SoakContext): Promise<void> {
  const client = new SessionClient(context.port, context.service);
  if (!(await reopen(context, client))) return;
  for (let n = 0; context.running(); n += 1) {
    const key = `${context.name}.${n}`;
    const id = client.nextId();
    const first = await client.call(id, { key, steps: 4, ms: 40 }, `t-${key}`, { cutAfter: 2 });
    const hasReply = first.messages.some(({ method }) => method === undefined);
    if (!first.cut || first.lastEventId === null || hasReply) {
      judge(context, key, id, first.messages, first);
      if (first.status === 404 && !(await reopen(context, client))) return;
      continue;
    }
    await pause(n % 60);
    const rest = await client.resume(first.lastEventId);
    context.ledger.count('resumed');
    if (rest.status === 404) {
      // The session died with its child, and its streams with it.
      context.ledger.note(key, 'maybe');
      if (!(await reopen(context, client))) return;
    } else judge(context, key, id, [...first.messages, ...rest.messages], rest);
  }
  await client.close();
}

/** Opens, calls once, closes. */
export async function visitor(context: SoakContext): Promise<void> {
  for (let n = 0; context.running(); n += 1) {
    const client = new SessionClient(context.port, context.service);
    if (!(await reopen(context, client))) return;
    if (n % 2 === 0) client.listen();
    const key = `${context.name}.${n}`;
    const id = client.nextId();
    const heard = await client.call(id, { key }, null);
    judge(context, key, id, heard.messages, heard);
    // Some leave without a word. Elsewhere such a session would stay for an hour.
    if (context.service === 'own' && n % 4 === 0) client.abandon();
    else await client.close();
    await pause(20);
  }
}

/** An official client over the legacy transport. */
export async function legacyVisitor(context: SoakContext): Promise<void> {
  const { ledger } = context;
  for (let n = 0; context.running(); n += 1) {
    const key = `${context.name}.${n}`;
    try {
      const client = await connectSse(
        `http://127.0.0.1:${context.port}/mcp/${context.service}/sse`,
      );
      try {
        const result = await client.callTool({ name: 'work', arguments: { key } }, undefined, {
          timeout: 20_000,
        });
        if (textOf(result).endsWith(` ${key}`)) ledger.note(key, 'answered');
        else ledger.fault(`${key} was answered ${JSON.stringify(result)}`);
      } catch (error) {
        ledger.note(key, 'maybe');
        if (!isExpected(String(error))) ledger.fault(`${key}: ${String(error)}`);
      } finally {
        await client.close();
      }
    } catch (error) {
      ledger.count('not connected');
      if (!isExpected(String(error))) ledger.fault(`${key} did not connect: ${String(error)}`);
    }
    await pause(50);
  }
}

function isExpected(text: string): boolean {
  return /Nothing accepts connections|broke: |ended with|was stopped|exited|Connection closed|is over|closed|50[234]|no longer served|session is unknown|not initialized/.test(
    text,
  );
}

/** Answers whether there is a session now; else the time is over. */
async function reopen(
  { ledger, name, running }: SoakContext,
  client: SessionClient,
): Promise<boolean> {
  for (let turn = 0; turn < MAX_OPENINGS && running(); turn += 1) {
    const status = await client.open();
    // A child that dies during the handshake is told of with HTTP 200, as any call under way.
    if (client.sessionId !== null) {
      ledger.count('opened');
      return true;
    }
    if (![200, 502, 503, 504].includes(status)) {
      ledger.fault(`${name}: initialize was answered ${status}`);
    }
    await pause(RETRY_MS);
  }
  if (running()) ledger.fault(`${name} found no way in`);
  return false;
}

/** Of a call’s messages: reports in order, each once, then the reply to its own id, once. */
function judge(
  { ledger }: SoakContext,
  key: string,
  id: number,
  messages: readonly Message[],
  heard: Heard,
): void {
  const replies = messages.filter(({ method }) => method === undefined);
  const reports = messages.filter(({ method }) => method === 'notifications/progress');
  for (const { params } of reports) {
    if (params?.message !== key || params.progressToken !== `t-${key}`) {
      ledger.fault(`${key} heard of another call: ${JSON.stringify(params)}`);
    }
  }
  const steps = reports.map(
    ({ params }) => (params as { progress?: number } | undefined)?.progress,
  );
  if (steps.some((step, index) => step !== index + 1))
    ledger.fault(`${key} heard the reports ${steps.join()}`);
  const [reply] = replies;
  if (replies.length > 1) ledger.fault(`${key} was answered ${replies.length} times`);
  if (reply === undefined) {
    ledger.note(key, 'maybe');
    ledger.fault(`${key} got no reply (HTTP ${heard.status})`);
  } else if (reply.error !== undefined) judgeError(ledger, key, reply, heard.status);
  else if (reply.id !== id) ledger.fault(`${key} got the reply to ${JSON.stringify(reply.id)}`);
  else if (reply.result?.content?.[0]?.text?.endsWith(` ${key}`) !== true) {
    ledger.fault(`${key} got ${JSON.stringify(reply)}`);
  } else ledger.note(key, 'answered');
}

function judgeError(ledger: SoakLedger, key: string, { error }: Message, status: number): void {
  const reason = error?.data?.reason ?? '';
  // 404 and 503 are given before anything is sent on.
  if (status === 404 || (status === 503 && error?.data?.may_have_run !== true)) {
    ledger.note(key, 'refused');
    return;
  }
  ledger.note(key, 'maybe');
  if (!LOST.has(reason)) ledger.fault(`${key}: ${JSON.stringify(error)} (HTTP ${status})`);
  else ledger.count(`lost: ${reason}`);
}

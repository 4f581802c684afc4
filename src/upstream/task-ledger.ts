/** An answer that creates a task is small; larger ones are not even searched. */
const MAX_ANSWER_BYTES = 4096;
/** Tasks remembered at a time; the oldest is forgotten first. */
const MAX_TASKS = 1000;
const MARK = Buffer.from('"taskId"');

export interface KnownTask {
  readonly owner: object;
  /** Raw JSON; `null` when its client asked for no progress. */
  readonly clientToken: string | null;
}

interface TokenOfTask extends KnownTask {
  readonly clientToken: string;
}

/**
 * Whose task is whose (MCP 2025-11-25, tasks): a task reports progress under the token of the call that made it, and
 * its status by its own id, after that call was answered.
 */
export class TaskLedger {
  private readonly tokens = new Map<number, TokenOfTask>();
  private readonly ids = new Map<string, KnownTask>();

  /** Looks whether the answer of `call` creates a task. */
  note(call: KnownTask & { readonly id: number }, answer: Buffer): void {
    if (answer.length > MAX_ANSWER_BYTES || !answer.includes(MARK)) return;
    const { owner, clientToken } = call;
    const taskId = createdTask(answer);
    if (taskId === null) return;
    this.ids.set(taskId, { owner, clientToken });
    forgetOldest(this.ids);
    if (clientToken === null) return;
    this.tokens.set(call.id, { owner, clientToken });
    forgetOldest(this.tokens);
  }

  ofToken(token: number): TokenOfTask | undefined {
    return this.tokens.get(token);
  }

  ofTask(taskId: string): KnownTask | undefined {
    return this.ids.get(taskId);
  }

  forget(owner: object): void {
    for (const [token, task] of this.tokens) if (task.owner === owner) this.tokens.delete(token);
    for (const [id, task] of this.ids) if (task.owner === owner) this.ids.delete(id);
  }
}

function createdTask(answer: Buffer): string | null {
  try {
    const message = JSON.parse(answer.toString('utf8')) as {
      result?: { task?: { taskId?: unknown } };
    };
    const taskId = message.result?.task?.taskId;
    return typeof taskId === 'string' ? taskId : null;
  } catch {
    return null;
  }
}

function forgetOldest(map: Map<unknown, unknown>): void {
  if (map.size <= MAX_TASKS) return;
  map.delete(map.keys().next().value);
}

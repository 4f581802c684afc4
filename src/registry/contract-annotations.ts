import { equalJson, isJsonObject, type JsonValue } from '../kernel/json.js';
import type { ContractReason } from './contract-reason.js';

interface Hints {
  readonly isReadOnly: boolean;
  readonly isDestructive: boolean;
  readonly isIdempotent: boolean;
}

/** With the defaults of MCP; destruction and repetition are only a question of tools that change something. */
function hintsOf(annotations: JsonValue | undefined): Hints {
  const hints = isJsonObject(annotations) ? annotations : {};
  const isReadOnly = hints['readOnlyHint'] === true;
  return {
    isReadOnly,
    isDestructive: !isReadOnly && hints['destructiveHint'] !== false,
    isIdempotent: isReadOnly || hints['idempotentHint'] === true,
  };
}

/** Callers decide by the hints what they call without asking, and what they may call again. */
export function annotationReasons(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): ContractReason[] {
  if (isSame(before, after)) return [];
  const [was, is] = [hintsOf(before), hintsOf(after)];
  const breaking: ContractReason[] = [];
  const say = (name: string, detail: string): void => {
    const pointer = `/annotations/${name}`;
    breaking.push({ pointer, side: 'annotations', detail, verdict: 'breaking' });
  };
  if (was.isReadOnly && !is.isReadOnly) {
    say('readOnlyHint', 'the tool was read-only and may change something now');
  } else {
    if (!was.isDestructive && is.isDestructive) {
      say('destructiveHint', 'the tool did not destroy anything and may do so now');
    }
    if (was.isIdempotent && !is.isIdempotent) {
      say('idempotentHint', 'the tool could be called again with the same effect, and cannot now');
    }
  }
  if (breaking.length > 0) return breaking;
  const detail = 'the hints changed and are no less than they were';
  return [{ pointer: '/annotations', side: 'annotations', detail, verdict: 'compatible' }];
}

/** `execution.taskSupport`: `forbidden` (the default), `optional` or `required`. */
export function executionReasons(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): ContractReason[] {
  if (isSame(before, after)) return [];
  const [was, is] = [taskSupportOf(before), taskSupportOf(after)];
  const pointer = '/execution/taskSupport';
  const lost =
    is === 'required' && was !== 'required'
      ? 'the tool can be called as a task only now'
      : is === 'forbidden' && was !== 'forbidden'
        ? 'the tool cannot be called as a task any more'
        : null;
  if (lost !== null) return [{ pointer, side: 'execution', detail: lost, verdict: 'breaking' }];
  const detail = 'how the tool is carried out changed; callers may go on as they did';
  return [{ pointer: '/execution', side: 'execution', detail, verdict: 'compatible' }];
}

function taskSupportOf(execution: JsonValue | undefined): string {
  const support = isJsonObject(execution) ? execution['taskSupport'] : undefined;
  return support === 'optional' || support === 'required' ? support : 'forbidden';
}

function isSame(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  return equalJson(before ?? null, after ?? null);
}

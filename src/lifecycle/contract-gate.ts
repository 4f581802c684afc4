import type { JsonObject } from '../kernel/json.js';
import { breakages, contractDiff, type ContractDiff } from '../registry/contract-diff.js';
import type { FailureFacts } from './failure-mapping.js';
import type { LifecycleParts } from './lifecycle-parts.js';

export const CONTRACT_BROKEN = 'registry.contract-broken';

/** Tools named in the message; `errors` have them all. */
const NAMED_TOOLS = 5;

/**
 * Why the proven candidate of a service must not take over: its tools would break the callers of the current revision, and
 * nobody has allowed that. `null`: it may. Without proven tools of the current revision there is nothing to break.
 */
export async function contractBreak(
  parts: Pick<LifecycleParts, 'registry' | 'statuses'>,
  id: string,
  tools: readonly JsonObject[],
): Promise<FailureFacts | null> {
  const candidate = parts.registry.candidateOf(id);
  if (candidate === undefined || candidate.allow_breaking === true) return null;
  const before = await servedTools(parts, id);
  if (before === null) return null;
  const diff = contractDiff(before, tools);
  return diff.verdict === 'breaking' ? contractBroken(diff) : null;
}

/** The tools that callers of the current revision know; `null` when it was never proven. */
async function servedTools(
  { registry, statuses }: Pick<LifecycleParts, 'registry' | 'statuses'>,
  id: string,
): Promise<readonly JsonObject[] | null> {
  const current = registry.find(id)?.revision;
  if (current === undefined) return null;
  try {
    return (await registry.revision(id, current)).tools;
  } catch {
    // The record of the revision is damaged or gone; what was last listed of it is known all the same.
    const { stable_revision, tools } = statuses.read(id);
    return stable_revision === current ? tools : null;
  }
}

function contractBroken(diff: ContractDiff): FailureFacts {
  const broken = diff.tools.filter(({ verdict }) => verdict === 'breaking');
  const names = broken.slice(0, NAMED_TOOLS).map(({ tool }) => `"${tool.slice(0, 128)}"`);
  const more = broken.length - names.length;
  const rest = more > 0 ? ` and ${String(more)} more` : '';
  return {
    stage: 'contract',
    code: CONTRACT_BROKEN,
    reason: 'ContractBroken',
    message: `Callers of the current revision would break: ${names.join(', ')}${rest} changed incompatibly.`,
    action:
      'Keep what `errors` name as it was, or send the change again with ?allow_breaking=true.',
    stderr: [],
    errors: breakages(diff),
  };
}

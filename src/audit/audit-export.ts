import type { ChainPage } from '../storage/chain-history.js';
import type {
  ChainLink,
  ChainPlace,
  ChainedCommit,
  HistoryQuery,
} from '../storage/record-store.js';
import { entryOfAttempt, entryOfCommit, fits, type AuditFilter } from './audit-entry.js';
import type { AttemptLine } from './attempts.js';

export interface ExportSources {
  readonly journal: (query: HistoryQuery) => Promise<ChainPage<ChainedCommit>>;
  readonly attempts: (query: HistoryQuery) => Promise<ChainPage<AttemptLine>>;
  /** The newest of each chain; what comes later is not exported. */
  readonly heads: { readonly journal: ChainLink; readonly attempts: ChainLink };
}

const READ_AT_ONCE = 200;

interface Line {
  readonly number: number;
  readonly text: string;
  readonly isWanted: boolean;
}

/**
 * The trail as NDJSON: a head, the lines of the journal and then those of the attempts as they are on disk, oldest first,
 * and an end. Whoever has it can check every line by itself: see docs/guides/audit.md. `filter` leaves lines out, never
 * parts of a line.
 */
export async function* exportTrail(
  sources: ExportSources,
  filter: AuditFilter,
  at: string,
): AsyncGenerator<string> {
  const { heads } = sources;
  yield printed({ export: 'begin', at, filter: shown(filter), heads });
  const damaged: ChainPlace[] = [];
  let journal = 0;
  for await (const lines of pagesOf(sources.journal, commitLine(filter), heads.journal, damaged)) {
    journal += lines.length;
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
  let attempts = 0;
  const wanted = attemptLine(filter);
  for await (const lines of pagesOf(sources.attempts, wanted, heads.attempts, damaged)) {
    attempts += lines.length;
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
  yield printed({ export: 'end', lines: { journal, attempts }, damaged });
}

async function* pagesOf<T>(
  read: (query: HistoryQuery) => Promise<ChainPage<T>>,
  lineOf: (item: T) => Line,
  head: ChainLink,
  damaged: ChainPlace[],
): AsyncGenerator<string[]> {
  let from: number | null = 0;
  while (from !== null && from <= head.number) {
    const page: ChainPage<T> = await read({ order: 'oldest', from, limit: READ_AT_ONCE });
    damaged.push(...page.damaged);
    const lines = page.items.map(lineOf);
    yield lines
      .filter(({ number, isWanted }) => isWanted && number <= head.number)
      .map(({ text }) => text);
    from = page.next;
  }
}

function commitLine(filter: AuditFilter): (commit: ChainedCommit) => Line {
  return (commit) => ({
    number: commit.revision,
    text: commit.line,
    isWanted: fits(entryOfCommit(commit), filter),
  });
}

function attemptLine(filter: AuditFilter): (attempt: AttemptLine) => Line {
  return ({ record, line }) => ({
    number: record.seq,
    text: line,
    isWanted: fits(entryOfAttempt(record), filter),
  });
}

function shown({ subjects, ...filter }: AuditFilter): object {
  return { ...filter, ...(subjects === undefined ? {} : { subjects: [...subjects] }) };
}

function printed(line: object): string {
  return `${JSON.stringify(line)}\n`;
}

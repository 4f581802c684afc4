import { isJsonObject } from '../kernel/json.js';
import { problemDocument, ProblemError } from '../kernel/problem.js';
import type { ChangeContext } from '../registry/service.js';
import {
  withWarnings,
  resultBody,
  type RegistrationResult,
} from '../registration/registration-result.js';
import type { UpsertOptions } from '../registration/registration.service.js';
import { hooksProblems } from './hooks.errors.js';
import { inManifest, type ManifestEntry } from '../manifests/manifest-entry.js';
import { readManifest } from './wrapper-manifest.js';

/** What the intake needs of `RegistrationService`. */
export interface Upserts {
  upsertByScript(
    input: unknown,
    ctx: ChangeContext,
    options?: UpsertOptions,
  ): Promise<RegistrationResult>;
  upsertByName(
    input: unknown,
    ctx: ChangeContext,
    options?: UpsertOptions,
  ): Promise<RegistrationResult>;
}

export interface IntakeAnswer {
  readonly status: number;
  readonly body: object | undefined;
  /** Of a single service; else `null`. */
  readonly result: RegistrationResult | null;
}

interface ItemAnswer {
  readonly name: string;
  readonly status: number;
  readonly [member: string]: unknown;
}

/** Servers of one file that are brought up at once. */
const SIDE_BY_SIDE = 4;

/** Registers what a manifest asks for. The hook and the inbox share it, so both mean the same by a manifest. */
export class ManifestIntake {
  constructor(private readonly registration: Upserts) {}

  /** Rejects with a `ProblemError`, its pointers in `document`. A client's file with several servers rejects when one fails. */
  async take(document: unknown, ctx: ChangeContext, options: UpsertOptions): Promise<IntakeAnswer> {
    const { kind, entries, warnings } = readManifest(document);
    const [only] = entries;
    if (kind !== 'client_servers' && only !== undefined) {
      const result = withWarnings(await this.upsert(only, ctx, options), warnings);
      return { status: result.status, body: resultBody(result), result };
    }
    const items = await this.takeAll(entries, ctx, options);
    const failed = items.filter((item) => item.status >= 400);
    if (failed.length === 0) {
      return { status: statusOfAll(items), body: { items, warnings }, result: null };
    }
    throw hooksProblems['servers-failed']({
      detail: `${String(failed.length)} of ${String(items.length)} servers failed: ${failed.map((item) => item.name).join(', ')}.`,
      extra: { items, warnings },
    });
  }

  private async upsert(
    entry: ManifestEntry,
    ctx: ChangeContext,
    options: UpsertOptions,
  ): Promise<RegistrationResult> {
    const byScript = entry.spec['script_id'] !== undefined && entry.spec['script_id'] !== null;
    try {
      const result = byScript
        ? await this.registration.upsertByScript(entry.spec, ctx, options)
        : await this.registration.upsertByName(entry.spec, ctx, options);
      return withWarnings(result, missingTools(entry, result));
    } catch (error) {
      throw inManifest(entry, error);
    }
  }

  private async takeAll(
    entries: readonly ManifestEntry[],
    ctx: ChangeContext,
    options: UpsertOptions,
  ): Promise<ItemAnswer[]> {
    const items: ItemAnswer[] = [];
    const waiting = entries.entries();
    const work = async (): Promise<void> => {
      for (const [index, entry] of waiting) items[index] = await this.takeOne(entry, ctx, options);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return items;
  }

  private async takeOne(
    entry: ManifestEntry,
    ctx: ChangeContext,
    options: UpsertOptions,
  ): Promise<ItemAnswer> {
    const name = entry.label;
    try {
      const result = await this.upsert(entry, ctx, options);
      const { status, outcome, service_id, service, plan, warnings } = result;
      return {
        name,
        status,
        outcome,
        service_id,
        service,
        ...(plan === null ? {} : { plan }),
        warnings,
      };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return { name, status: error.status, problem: problemDocument(error, {}) };
    }
  }
}

function statusOfAll(items: readonly ItemAnswer[]): number {
  const statuses = new Set(items.map((item) => item.status));
  return statuses.has(202) ? 202 : statuses.has(201) ? 201 : 200;
}

/** A served tool list that lacks what the manifest announced is worth a word, not a refusal: the server decides. */
function missingTools(entry: ManifestEntry, { status, service }: RegistrationResult): string[] {
  if (entry.declaredTools.length === 0 || status === 202 || !hasTools(service)) return [];
  const served = new Set(service.tools.map((tool) => (isJsonObject(tool) ? tool['name'] : null)));
  const missing = entry.declaredTools.filter((name) => !served.has(name));
  if (missing.length === 0) return [];
  return [`The manifest names tools that the server does not list: ${missing.join(', ')}.`];
}

function hasTools(service: object | null): service is { tools: readonly unknown[] } {
  return service !== null && 'tools' in service && Array.isArray(service.tools);
}

import type { RecordStore } from '../storage/record-store.js';
import { parseTemplateReference } from './template.js';

/** What of another module's record names a template; the rest of it is that module's. */
interface NamingSpec {
  readonly extends?: string | null;
}
interface NamingRecord {
  readonly spec?: NamingSpec;
  readonly service?: { readonly spec?: NamingSpec };
}

const COLD_KINDS = ['revision', 'archive'] as const;

/**
 * Which revisions of templates are named by what may still be served: services, their kept revisions, archived services,
 * templates and rollouts that are under way. Records that are not in memory are read once and remembered by version.
 */
export class TemplateUses {
  private readonly cold = new Map<string, { readonly version: number; readonly names: string }>();

  constructor(private readonly store: RecordStore) {}

  /** Pinned references, such as `team@3`. */
  async named(): Promise<ReadonlySet<string>> {
    const references = [
      ...this.store.list<NamingRecord>('service').map(({ doc }) => doc.spec?.extends),
      ...this.store.list<NamingSpec>('template').map(({ doc }) => doc.extends),
      ...this.store.list<NamingSpec>('template_revision').map(({ doc }) => doc.extends),
      ...this.store
        .list<{ state?: string; reference?: string }>('template_rollout')
        .map(({ doc }) => (doc.state === 'running' ? doc.reference : null)),
      ...(await this.coldReferences()),
    ];
    return new Set(references.filter((one): one is string => isPinned(one)));
  }

  private async coldReferences(): Promise<string[]> {
    const seen = new Set<string>();
    for (const kind of COLD_KINDS) {
      for (const { id, version } of this.store.ids(kind)) {
        const key = `${kind}:${id}`;
        seen.add(key);
        if (this.cold.get(key)?.version === version) continue;
        this.cold.set(key, { version, names: await this.readReference(kind, id) });
      }
    }
    for (const key of this.cold.keys()) if (!seen.has(key)) this.cold.delete(key);
    return [...this.cold.values()].map(({ names }) => names);
  }

  /** A damaged record names nothing: it cannot be served either. */
  private async readReference(kind: (typeof COLD_KINDS)[number], id: string): Promise<string> {
    try {
      const doc = (await this.store.read<NamingRecord>(kind, id))?.doc;
      return doc?.spec?.extends ?? doc?.service?.spec?.extends ?? '';
    } catch {
      return '';
    }
  }
}

function isPinned(reference: string | null | undefined): boolean {
  if (typeof reference !== 'string') return false;
  return typeof parseTemplateReference(reference)?.revision === 'number';
}

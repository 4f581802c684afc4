import { equalJson } from '../kernel/json.js';
import { configProblems } from './config.errors.js';
import type { ConfigFragment } from './service-config.js';

export const TEMPLATE_SCHEMA_VERSION = '1.0';

/** A reusable fragment of configuration. Record kind `template`, or a file shipped with the product. */
export interface TemplateDocument {
  readonly schema_version: string;
  readonly template_id: string;
  readonly revision: number;
  readonly title: string;
  readonly description: string;
  /** Template below this one, pinned when stored; `null` = the root of its chain. */
  readonly extends: string | null;
  readonly config: ConfigFragment;
  /** Further layers by environment. */
  readonly overlays: Readonly<Record<string, ConfigFragment>>;
  /** When and by whom this revision was made; absent in those shipped with the product. */
  readonly created_at?: string;
  readonly actor?: string;
}

/** What a client writes of a template: what differs between two of its revisions. */
export type TemplateContent = Pick<
  TemplateDocument,
  'template_id' | 'title' | 'description' | 'extends' | 'config' | 'overlays'
>;

export function contentOf(template: TemplateContent): TemplateContent {
  const { template_id, title, description, extends: below, config, overlays } = template;
  return { template_id, title, description, extends: below, config, overlays };
}

export function isSameTemplate(left: TemplateContent, right: TemplateContent): boolean {
  return equalJson(contentOf(left), contentOf(right));
}

/** `function_service` is the newest revision of a template, `function_service@3` that one. */
export interface TemplateReference {
  readonly template_id: string;
  readonly revision: number | null;
}

/** Templates of one chain, the one a service names included. */
export const MAX_TEMPLATE_DEPTH = 5;

export const TEMPLATE_ID = '^[a-z0-9][a-z0-9_-]{0,62}$';
export const TEMPLATE_REFERENCE = '^[a-z0-9][a-z0-9_-]{0,62}(@[1-9][0-9]{0,8})?$';
const REFERENCE = new RegExp(TEMPLATE_REFERENCE);

/** `null` when the text is no reference. */
export function parseTemplateReference(text: string): TemplateReference | null {
  if (!REFERENCE.test(text)) return null;
  const [id = '', revision] = text.split('@');
  return { template_id: id, revision: revision === undefined ? null : Number(revision) };
}

export function pinnedReference(template: TemplateDocument): string {
  return `${template.template_id}@${template.revision}`;
}

export type TemplateLookup = (reference: TemplateReference) => TemplateDocument | undefined;

/**
 * The templates that `reference` stands for, the root first. Throws `config.template-unknown`, `config.template-cycle`
 * naming the cycle, or `config.template-depth`.
 */
export function templateChain(reference: string, lookup: TemplateLookup): TemplateDocument[] {
  const chain: TemplateDocument[] = [];
  let next: string | null = reference;
  while (next !== null) {
    const template = lookupOrThrow(next, lookup, chain[0]);
    const names = [...chain].reverse().map((one) => one.template_id);
    if (names.includes(template.template_id)) {
      const cycle = [...names.slice(names.indexOf(template.template_id)), template.template_id];
      throw configProblems['template-cycle']({
        detail: `Templates extend one another in a circle: ${cycle.join(' -> ')}.`,
        errors: [{ pointer: '/extends', detail: `is part of the cycle ${cycle.join(' -> ')}.` }],
        extra: { cycle },
      });
    }
    if (chain.length === MAX_TEMPLATE_DEPTH) {
      throw configProblems['template-depth']({
        detail: `"${reference}" stands on more than ${MAX_TEMPLATE_DEPTH} templates.`,
        errors: [
          { pointer: '/extends', detail: `allows at most ${MAX_TEMPLATE_DEPTH} templates.` },
        ],
      });
    }
    chain.unshift(template);
    next = template.extends;
  }
  return chain;
}

function lookupOrThrow(
  text: string,
  lookup: TemplateLookup,
  above: TemplateDocument | undefined,
): TemplateDocument {
  const reference = parseTemplateReference(text);
  const template = reference === null ? undefined : lookup(reference);
  if (template !== undefined) return template;
  const by = above === undefined ? '' : `, which ${pinnedReference(above)} extends,`;
  throw configProblems['template-unknown']({
    detail: `The template "${text}"${by} does not exist.`,
    errors: [{ pointer: '/extends', detail: `names "${text}", which does not exist.` }],
  });
}

import { ProblemError } from '../kernel/problem.js';
import { sha256Hex } from '../kernel/ids.js';
import { aggregateProblems } from './aggregate.errors.js';

/** Which services a client wants as one, and how. Both filters together narrow: a member has to pass each that is set. */
export interface Selection {
  /** Names, sorted; `null` = all. */
  readonly services: readonly string[] | null;
  /** Sorted; a member has at least one of them. `null` = whatever their tags. */
  readonly tags: readonly string[] | null;
  /** Two tools that find and call the others, in place of all of them. */
  readonly search: boolean;
}

const MAX_NAMES = 100;
const MAX_NAME_CHARS = 100;
/** Longer keys are hashed: they are sealed into every session id. */
const MAX_KEY_CHARS = 64;

/** Reads `?services=a,b&tags=x,y&mode=search`. Parameters of others are left alone; those of ours have to make sense. */
export function parseSelection(query: string): Selection | ProblemError {
  const parameters = new URLSearchParams(query);
  const services = namesOf(parameters, 'services');
  if (services instanceof ProblemError) return services;
  const tags = namesOf(parameters, 'tags');
  if (tags instanceof ProblemError) return tags;
  const mode = parameters.get('mode');
  if (mode !== null && mode !== 'search') {
    return aggregateProblems['selection-invalid'](
      'The only mode is "search"; leave it out to see all tools',
    );
  }
  return { services, tags, search: mode === 'search' };
}

/** The same text for the same selection, whatever the order; `''` for everything. At most 64 characters and a hash. */
export function selectionKey({ services, tags, search }: Selection): string {
  const parts: string[] = [];
  if (services !== null) parts.push(`services=${services.join(',')}`);
  if (tags !== null) parts.push(`tags=${tags.map(encodeURIComponent).join(',')}`);
  if (search) parts.push('mode=search');
  const key = parts.join('&');
  return key.length <= MAX_KEY_CHARS ? key : `${key.slice(0, 16)}#${sha256Hex(key).slice(0, 40)}`;
}

function namesOf(parameters: URLSearchParams, name: string): string[] | null | ProblemError {
  const given = parameters.getAll(name);
  if (given.length === 0) return null;
  const names = given
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const distinct = [...new Set(names)].sort();
  if (distinct.length === 0) return refusal(`"${name}" names nothing`);
  if (distinct.length > MAX_NAMES) return refusal(`"${name}" names more than ${MAX_NAMES}`);
  if (distinct.some((text) => text.length > MAX_NAME_CHARS)) {
    return refusal(`A name in "${name}" is longer than ${MAX_NAME_CHARS} characters`);
  }
  return distinct;
}

function refusal(detail: string): ProblemError {
  return aggregateProblems['selection-invalid'](detail);
}

import {
  deepFreeze,
  isJsonObject,
  mergePatch,
  pointerTo,
  valueAt,
  type JsonObject,
  type JsonValue,
} from '../kernel/json.js';
import { completeMembers, DEFAULT_CONFIG } from './defaults.js';
import type { ConfigFragment, ServiceConfig } from './service-config.js';

/** Of the built-in defaults, below every named layer. */
export const DEFAULTS_LAYER = 'defaults';

export interface ConfigLayer {
  /** Shown by `?explain`: `template:<id>@<revision>`, `service`, `overlay:<environment>`, … */
  readonly name: string;
  readonly fragment: ConfigFragment;
}

/** The layer each value came from, by JSON Pointer into the effective document. A list is one value. */
export type Provenance = Readonly<Record<string, string>>;

export interface MergedConfig {
  /** Deep-frozen. */
  readonly effective: ServiceConfig;
  readonly provenance: Provenance;
}

/**
 * Merges layers, lowest first, over the built-in defaults by JSON Merge Patch (RFC 7396). `null` deletes what the layers
 * below said; a field that is then said by none has its built-in default, so the result is always complete. `overlays`
 * of a layer are not read here: the caller passes the one that applies as a layer of its own.
 */
export function mergeLayers(layers: readonly ConfigLayer[]): MergedConfig {
  let said: JsonValue = {};
  for (const { fragment } of layers) said = mergePatch(said, withoutOverlays(fragment));
  // A merge patch leaves no null behind but in lists, so what is absent now was said by no layer.
  const effective = withDefaults(DEFAULT_CONFIG as unknown as JsonObject, said as JsonObject);
  const { added } = completeMembers(effective);
  const provenance: Record<string, string> = {};
  for (const pointer of leavesOf(effective, '')) {
    const isEmpty = isJsonObject(valueAt(effective, pointer));
    provenance[pointer] = isEmpty ? makerOf(layers, pointer) : speakerOf(layers, pointer);
  }
  for (const pointer of added) provenance[pointer] = DEFAULTS_LAYER;
  return { effective: deepFreeze(effective as unknown as ServiceConfig), provenance };
}

function withoutOverlays(fragment: ConfigFragment): JsonObject {
  return Object.fromEntries(Object.entries(fragment).filter(([name]) => name !== 'overlays'));
}

function withDefaults(defaults: JsonObject, said: JsonObject): JsonObject {
  const whole: JsonObject = {};
  for (const name of new Set([...Object.keys(defaults), ...Object.keys(said)])) {
    const below = defaults[name];
    const above = said[name];
    if (above === undefined) whole[name] = structuredClone(below ?? null);
    else if (isJsonObject(above))
      whole[name] = withDefaults(isJsonObject(below) ? below : {}, above);
    else whole[name] = structuredClone(above);
  }
  return whole;
}

/** Pointers of everything that is not an object with members. */
function leavesOf(value: JsonValue, pointer: string): string[] {
  if (!isJsonObject(value)) return [pointer];
  const names = Object.keys(value);
  if (names.length === 0) return [pointer];
  return names.flatMap((name) => leavesOf(value[name] ?? null, pointerTo(pointer, name)));
}

/** The highest layer that says something at `pointer` or above it; deletions give the defaults their say back. */
function speakerOf(layers: readonly ConfigLayer[], pointer: string): string {
  const tokens = pointer.split('/').slice(1).map(unescape);
  for (const { name, fragment } of [...layers].reverse()) {
    const word = wordOn(fragment, tokens);
    if (word === 'says') return name;
    if (word === 'deletes') return DEFAULTS_LAYER;
  }
  return DEFAULTS_LAYER;
}

/** The layer that made an object that is empty now out of what was none; the defaults where theirs is an object. */
function makerOf(layers: readonly ConfigLayer[], pointer: string): string {
  const tokens = pointer.split('/').slice(1).map(unescape);
  const isDefault = isJsonObject(valueAt(DEFAULT_CONFIG, pointer));
  let maker = isDefault ? DEFAULTS_LAYER : null;
  for (const { name, fragment } of layers) {
    const word = wordOn(fragment, tokens);
    if (word === 'joins') maker ??= name;
    else if (word === 'says') maker = null;
    else if (word === 'deletes') maker = isDefault ? DEFAULTS_LAYER : null;
  }
  return maker ?? DEFAULTS_LAYER;
}

/** `joins`: an object, which says nothing of its own where there is one already: its members come from below. */
type Word = 'says' | 'deletes' | 'silent' | 'joins';

function wordOn(fragment: ConfigFragment, tokens: readonly string[]): Word {
  let value: JsonValue = fragment;
  for (const token of tokens) {
    if (!isJsonObject(value)) return 'says';
    const next: JsonValue | undefined = Object.hasOwn(value, token) ? value[token] : undefined;
    if (next === undefined) return 'silent';
    if (next === null) return 'deletes';
    value = next;
  }
  return isJsonObject(value) ? 'joins' : 'says';
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

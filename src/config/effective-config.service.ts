import { Injectable } from '@nestjs/common';
import { isJsonObject, valueAt } from '../kernel/json.js';
import { ProblemError } from '../kernel/problem.js';
import { Settings } from '../settings/settings.js';
import { CommandPolicy } from './command-policy.js';
import { policyOf } from './config-policy.js';
import { validateFragment } from './config-schema.js';
import { problemOfFaults, type ConfigFault } from './config.errors.js';
import { effectiveFaults, isListeningCommand, type HostingFacts } from './effective-rules.js';
import { fragmentFaults } from './fragment-rules.js';
import { mergeLayers, type ConfigLayer, type MergedConfig, type Provenance } from './merge.js';
import type { ConfigFragment, ServiceConfig } from './service-config.js';
import { jsonBytes, MAX_CONFIG_BYTES, shapeErrors } from './shape-limits.js';
import { pinnedReference, type TemplateDocument } from './template.js';
import { templateBodyFaults } from './template-rules.js';
import { TemplateService } from './template.service.js';

/** The part of a service spec that its configuration depends on. */
export interface ConfigSubject extends HostingFacts {
  readonly extends: string | null;
  readonly config: ConfigFragment;
}

export interface ResolvedConfig {
  /** Deep-frozen; every default filled in. */
  readonly effective: ServiceConfig;
  /** `template@revision`. */
  readonly extends: string;
  readonly provenance: Provenance;
  /** Real path of `runtime.command`, or `null` without a command. */
  readonly command_file: string | null;
}

const BASE = '/config';
/** Named by `?explain` where the way of hosting leaves no choice. */
const HOSTING_LAYER = 'hosting_mode';

@Injectable()
export class EffectiveConfigService {
  constructor(
    private readonly templates: TemplateService,
    private readonly commands: CommandPolicy,
    private readonly settings: Settings,
  ) {}

  /** Everything wrong with a service's own layer and overlays by themselves; pointers start with `/config`. */
  faultsOf(fragment: unknown): ConfigFault[] {
    // Before it is written as text, which what is nested without end cannot be.
    const shape = shapeErrors(fragment, BASE);
    if (shape.length > 0) return shape.map((error) => ({ ...error, problem: 'invalid' }));
    const bytes = jsonBytes(fragment);
    if (bytes > MAX_CONFIG_BYTES) {
      const detail = `is ${bytes} bytes; at most ${MAX_CONFIG_BYTES} are kept.`;
      return [{ problem: 'too-large', pointer: BASE, detail }];
    }
    const form = validateFragment(fragment, BASE);
    if (form.length > 0) return form.map((error) => ({ ...error, problem: 'invalid' }));
    return isJsonObject(fragment) ? fragmentFaults(fragment, BASE, policyOf(this.settings)) : [];
  }

  /** As `faultsOf` of the body of a write of a template, and its commands; pointers are into the body. */
  async templateFaultsOf(input: unknown): Promise<ConfigFault[]> {
    const faults = templateBodyFaults(input, policyOf(this.settings));
    const { environment } = this.settings;
    const places = ['/config', ...(environment === null ? [] : [`/overlays/${environment}`])];
    for (const place of places) {
      const pointer = `${place}/runtime/command`;
      const command = valueAt(input, pointer);
      if (typeof command !== 'string') continue;
      const found: ConfigFault[] = [];
      await this.resolveCommand(command, found);
      // Why not what is missing: a template may come before the command is installed; the service that needs it is told.
      const refused = found.filter(({ problem }) => problem === 'command-not-allowed');
      faults.push(...refused.map((fault) => ({ ...fault, pointer })));
    }
    return faults;
  }

  /**
   * Merges defaults, template chain, service and overlay of this environment, and checks the outcome. Throws one problem
   * of `config.errors` with every fault found; nothing is started and no secret is read. `pending`: as in `TemplateService`.
   */
  async resolve(
    subject: ConfigSubject,
    pending: readonly TemplateDocument[] = [],
  ): Promise<ResolvedConfig> {
    const own = this.faultsOf(subject.config);
    if (own.length > 0) throw problemOfFaults(own);
    const reference = subject.extends ?? this.defaultTemplate(subject);
    const chain = this.templates.resolve(reference, pending);
    const merged = fitHosting(subject, mergeLayers(this.layersOf(chain, subject.config)));
    const faults = effectiveFaults(subject, merged.effective, BASE);
    const { command } = merged.effective.runtime;
    const file = command === null ? null : await this.resolveCommand(command, faults);
    if (faults.length > 0) throw problemOfFaults(faults);
    const top = chain.at(-1);
    return {
      ...merged,
      extends: top === undefined ? reference : pinnedReference(top),
      command_file: file,
    };
  }

  private defaultTemplate(subject: ConfigSubject): string {
    const isSpawned = typeof valueAt(subject.config, '/runtime/command') === 'string';
    return this.templates.defaultFor(subject.type, subject.hosting_mode, isSpawned);
  }

  /** Lowest first; the overlays of the environment come after every plain layer, in the same order. */
  private layersOf(chain: readonly TemplateDocument[], config: ConfigFragment): ConfigLayer[] {
    const { environment } = this.settings;
    const plain: ConfigLayer[] = chain.map((template) => ({
      name: `template:${pinnedReference(template)}`,
      fragment: template.config,
    }));
    plain.push({ name: 'service', fragment: config });
    if (environment === null) return plain;
    const own = isJsonObject(config['overlays']) ? config['overlays'] : {};
    const overlays = [
      ...chain.map((one) => ({ of: `template:${pinnedReference(one)}`, by: one.overlays })),
      { of: 'service', by: own },
    ];
    return plain.concat(
      overlays.flatMap(({ of, by }) => {
        const fragment = Object.hasOwn(by, environment) ? by[environment] : undefined;
        return isJsonObject(fragment) ? [{ name: `overlay:${environment}:${of}`, fragment }] : [];
      }),
    );
  }

  private async resolveCommand(command: string, faults: ConfigFault[]): Promise<string | null> {
    try {
      return await this.commands.resolve(command);
    } catch (error) {
      const problem = commandProblemOf(error);
      if (problem === null) throw error;
      const detail = error instanceof Error ? error.message : problem;
      faults.push({ problem, pointer: `${BASE}/runtime/command`, detail });
      return null;
    }
  }
}

function commandProblemOf(error: unknown): 'command-not-allowed' | 'command-missing' | null {
  if (!(error instanceof ProblemError)) return null;
  if (error.code === 'config.command-not-allowed') return 'command-not-allowed';
  return error.code === 'config.command-missing' ? 'command-missing' : null;
}

/** A command that listens serves all callers from one child, whatever the layers say of isolation. */
function fitHosting(subject: ConfigSubject, merged: MergedConfig): MergedConfig {
  const { effective, provenance } = merged;
  if (!isListeningCommand(subject, effective) || effective.runtime.isolation === 'shared') {
    return merged;
  }
  return {
    effective: Object.freeze({
      ...effective,
      runtime: Object.freeze({ ...effective.runtime, isolation: 'shared' }),
    }),
    provenance: { ...provenance, '/runtime/isolation': HOSTING_LAYER },
  };
}

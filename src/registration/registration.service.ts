import { Injectable } from '@nestjs/common';
import { KeyedSerial } from '../kernel/serial.js';
import { registryProblems } from '../registry/registry.errors.js';
import type { ChangeContext, ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { ControlPlane } from './control-plane.js';
import { GoalKeeper } from './goal.js';
import { LifecycleCommands, type CommandOptions } from './lifecycle-commands.js';
import { RegisterService, type Finish, type RegisterOptions } from './register-service.js';
import { registrationProblems } from './registration.errors.js';
import type { RegistrationResult } from './registration-result.js';
import { pinRevision, type PinnedRevision } from './pin-revision.js';
import { RemoveService, type RemoveOptions } from './remove-service.js';
import { SettleDrift, type DriftAction } from './settle-drift.js';
import { UpdateService, type UpdateOptions } from './update-service.js';

export interface UpsertOptions {
  /** How long to wait until it serves; default 30,000. */
  readonly wait_ms?: number;
  readonly dry_run?: boolean;
  /** Of an update: its tools may break the callers of the current revision. */
  readonly allow_breaking?: boolean;
}

export interface RegistrationFlows {
  readonly register: RegisterService;
  readonly update: UpdateService;
  readonly remove: RemoveService;
  readonly commands: LifecycleCommands;
  readonly drift: SettleDrift;
  readonly pin: (
    id: string,
    revision: number,
    isPinned: boolean,
    ctx: ChangeContext,
  ) => Promise<PinnedRevision>;
}

/**
 * The one way in for every change of a service, from the API, the hook, the inbox or code in this process. All methods
 * reject with a `ProblemError`; access is decided from `ctx`, so callers need no checks of their own.
 *
 * A status of 200 or 201 is answered only for what was reached: what is to serve serves, and its proof is in the document.
 */
@Injectable()
export class RegistrationService {
  private readonly upserts = new KeyedSerial();

  constructor(
    private readonly flows: RegistrationFlows,
    private readonly registry: ControlPlane['registry'],
  ) {}

  async register(
    input: unknown,
    ctx: ChangeContext,
    options: RegisterOptions = {},
  ): Promise<RegistrationResult> {
    const finish = await this.flows.register.commit(input, ctx, options);
    return finish();
  }

  /** A new revision of `id` (uuid or name); PUT, or PATCH with `options.patch`. */
  async update(
    id: string,
    input: unknown,
    ctx: ChangeContext,
    options: UpdateOptions,
  ): Promise<RegistrationResult> {
    const finish = await this.flows.update.commit(id, input, ctx, options);
    return finish();
  }

  /** A new revision with the content of revision `revision`. */
  async rollback(
    id: string,
    revision: number,
    ctx: ChangeContext,
    options: UpdateOptions = {},
  ): Promise<RegistrationResult> {
    const finish = await this.flows.update.commitRollback(id, revision, ctx, options);
    return finish();
  }

  /** Settles an edit by hand of the stored document: `adopt` makes it a revision, `revert` undoes it. */
  async settleDrift(
    id: string,
    action: DriftAction,
    ctx: ChangeContext,
    options: UpdateOptions = {},
  ): Promise<RegistrationResult> {
    const finish = await this.flows.drift.commit(id, action, ctx, options);
    return finish();
  }

  /** Keeps a revision whatever its age, or no more. */
  pinRevision(
    id: string,
    revision: number,
    isPinned: boolean,
    ctx: ChangeContext,
  ): Promise<PinnedRevision> {
    return this.flows.pin(id, revision, isPinned, ctx);
  }

  remove(id: string, ctx: ChangeContext, options: RemoveOptions): Promise<RegistrationResult> {
    return this.flows.remove.run(id, ctx, options);
  }

  restore(
    id: string,
    ctx: ChangeContext,
    options: CommandOptions = {},
  ): Promise<RegistrationResult> {
    return this.flows.commands.restore(id, ctx, options);
  }

  activate(
    id: string,
    ctx: ChangeContext,
    options: CommandOptions = {},
  ): Promise<RegistrationResult> {
    return this.flows.commands.run('activate', id, ctx, options);
  }

  deactivate(
    id: string,
    ctx: ChangeContext,
    options: CommandOptions = {},
  ): Promise<RegistrationResult> {
    return this.flows.commands.run('deactivate', id, ctx, options);
  }

  restart(
    id: string,
    ctx: ChangeContext,
    options: CommandOptions = {},
  ): Promise<RegistrationResult> {
    return this.flows.commands.run('restart', id, ctx, options);
  }

  /** Checks what is stored as a change would be checked; changes nothing. */
  validate(id: string, ctx: ChangeContext): Promise<RegistrationResult> {
    return this.flows.commands.validate(id, ctx);
  }

  /**
   * Registers the script's service, or makes a new revision of it, or finds that nothing changed. For generators: `input`
   * is a service specification with a `script_id`.
   */
  async upsertByScript(
    input: unknown,
    ctx: ChangeContext,
    options: UpsertOptions = {},
  ): Promise<RegistrationResult> {
    const spec = this.registry.validate(input);
    if (spec.script_id === null) {
      throw registrationProblems['invalid-request']({
        detail: 'A service is registered anew and again by its script_id.',
        errors: [{ pointer: '/script_id', detail: 'must be a UUID' }],
      });
    }
    return this.upsert(spec, input, ctx, options);
  }

  /** As `upsertByScript`; a specification without a `script_id` is matched by its name. */
  async upsertByName(
    input: unknown,
    ctx: ChangeContext,
    options: UpsertOptions = {},
  ): Promise<RegistrationResult> {
    return this.upsert(this.registry.validate(input), input, ctx, options);
  }

  private async upsert(
    spec: ServiceSpec,
    input: unknown,
    ctx: ChangeContext,
    options: UpsertOptions,
  ): Promise<RegistrationResult> {
    const key = spec.script_id ?? `name ${spec.name}`;
    // Only the decision and its commit are one at a time: a newer wrapper need not wait until the older one serves.
    const finish = await this.upserts.run(key, (): Promise<Finish> => {
      const existing = spec.script_id === null ? this.byName(spec.name) : this.byScript(spec);
      if (existing === undefined) return this.flows.register.commit(input, ctx, options);
      const update: UpdateOptions = { ...options, ifMatch: null };
      return this.flows.update.commit(existing.service_id, input, ctx, update);
    });
    return finish();
  }

  private byScript({ script_id }: ServiceSpec): ServiceDocument | undefined {
    return this.registry.list().find((each) => each.spec.script_id === script_id);
  }

  /** A service that a generator registered is its script's; a file that happens to use its name may not take it over. */
  private byName(name: string): ServiceDocument | undefined {
    const existing = this.registry.list().find((each) => each.spec.name === name);
    if (existing === undefined || existing.spec.script_id === null) return existing;
    throw registryProblems['name-taken']({
      detail: `The name "${name}" belongs to the service of script ${existing.spec.script_id}.`,
      extra: { service_id: existing.service_id },
    });
  }
}

/** The service over any control plane: the modules' or a test's. */
export function createRegistration(
  plane: ControlPlane,
  clock: Clock,
  logger: Logger,
): RegistrationService {
  const goals = new GoalKeeper(plane);
  const update = new UpdateService(plane, goals);
  return new RegistrationService(
    {
      register: new RegisterService(plane, goals, logger),
      update,
      remove: new RemoveService(plane, goals, () => clock.monotonicMs()),
      commands: new LifecycleCommands(plane, goals),
      drift: new SettleDrift(plane, goals, update),
      pin: (id, revision, isPinned, ctx) => pinRevision(plane, id, revision, isPinned, ctx),
    },
    plane.registry,
  );
}

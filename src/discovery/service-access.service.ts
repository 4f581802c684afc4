import { Injectable } from '@nestjs/common';
import { authProblems } from '../auth/auth.errors.js';
import { maySeeService, type Principal } from '../auth/principal.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ServiceDocument } from '../registry/service.js';

/** Which services a caller sees: what a key's patterns leave out is as if it were not there. */
@Injectable()
export class ServiceAccessService {
  constructor(private readonly registry: RegistryService) {}

  /** By id or name. Throws `registry.unknown`, `registry.archived`, `auth.service-unknown`. */
  require(idOrName: string, principal: Principal): ServiceDocument {
    const document = this.registry.require(idOrName);
    if (maySeeService(principal, document.spec.name)) return document;
    throw authProblems['service-unknown'](`There is no service ${JSON.stringify(idOrName)}.`);
  }

  visible(principal: Principal): ServiceDocument[] {
    return this.registry.list().filter(({ spec }) => maySeeService(principal, spec.name));
  }
}

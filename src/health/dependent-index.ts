import type { ServiceDependency } from '../config/service-config.js';

/** Who declares to need whom, by name or id, so that an event is looked at by those alone. */
export class DependentIndex {
  private readonly needs = new Map<string, ReadonlySet<string>>();

  note(id: string, dependencies: readonly ServiceDependency[]): void {
    if (dependencies.length === 0) this.needs.delete(id);
    else this.needs.set(id, new Set(dependencies.map(({ service }) => service)));
  }

  forget(id: string): void {
    this.needs.delete(id);
  }

  /** The services that need the one with this id, or with this name. */
  of(id: string, name: string | undefined): string[] {
    const found: string[] = [];
    for (const [dependent, needed] of this.needs) {
      if (needed.has(id) || (name !== undefined && needed.has(name))) found.push(dependent);
    }
    return found;
  }
}

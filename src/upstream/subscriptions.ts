const NOBODY: ReadonlySet<object> = new Set();

/** Who of several subscribed to which resource: the first one subscribes upstream, the last one unsubscribes. */
export class Subscriptions {
  private readonly subscribers = new Map<string, Set<object>>();

  /** `onUnused` hears a uri whose last subscriber went away without saying so. */
  constructor(private readonly onUnused: (uri: string) => void) {}

  of(uri: string): ReadonlySet<object> {
    return this.subscribers.get(uri) ?? NOBODY;
  }

  add(uri: string, owner: object): void {
    const owners = this.subscribers.get(uri) ?? new Set();
    this.subscribers.set(uri, owners.add(owner));
  }

  drop(uri: string, owner: object): void {
    const owners = this.subscribers.get(uri);
    if (owners?.delete(owner) === true && owners.size === 0) this.subscribers.delete(uri);
  }

  dropAll(owner: object): void {
    for (const [uri, owners] of [...this.subscribers]) {
      if (!owners.has(owner)) continue;
      this.drop(uri, owner);
      if (!this.subscribers.has(uri)) this.onUnused(uri);
    }
  }
}

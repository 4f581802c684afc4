/** Answers of the management API, as far as the programs here read them. */
export interface HealthAnswer {
  readonly level: string;
  readonly reason: string;
  readonly action: string | null;
  readonly summary: string;
}

export interface ServicesAnswer {
  readonly items: readonly { readonly name: string; readonly health: HealthAnswer }[];
}

export interface InstancesAnswer {
  readonly items: readonly { readonly pid: number | null; readonly restarts: number }[];
}

export interface AlertAnswer {
  readonly alert_id: string;
  readonly name: string;
  readonly rule: string;
  readonly state: string;
  readonly reason: string;
  readonly summary: string;
}

export interface AlertsAnswer {
  readonly items: readonly AlertAnswer[];
}

export interface HistoryAnswer {
  readonly transitions: readonly {
    readonly at: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
    readonly summary: string;
  }[];
  readonly results: readonly {
    readonly at: string;
    readonly check: string;
    readonly result: string;
    readonly reason: string | null;
    readonly evidence: string | null;
  }[];
}

/** Most a service has failed of its instances. */
export function restartsOf({ items }: InstancesAnswer): number {
  return Math.max(0, ...items.map(({ restarts }) => restarts));
}

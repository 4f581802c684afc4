/** What goes on at a service, as the data plane counts it. */
export interface CallLoadReading {
  readonly in_flight: number;
  readonly queued: number;
  readonly circuit: 'closed' | 'open' | 'half-open';
}

/** One service as it is now. */
export interface ServiceReading {
  readonly service: string;
  /** Level of health. */
  readonly health: string;
  readonly crash_looping: boolean;
  /** How many of its instances are in each state. */
  readonly instances: Readonly<Record<string, number>>;
  /** Of all instances; `null`: none of them is a process of ours. */
  readonly memory_bytes: number | null;
  /** Labels that its owner gave it. Bounded by the configuration's schema. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Numbers that are read when somebody asks for the metrics, rather than pushed when they change. */
export interface MetricSources {
  /** How many services there are in each state. */
  readonly servicesByState?: () => Readonly<Record<string, number>>;
  /** How many services there are of each level of health. */
  readonly servicesByHealth?: () => Readonly<Record<string, number>>;
  /** Every service there is. Series of services that are not among them are dropped. */
  readonly services?: () => readonly ServiceReading[];
  /** By name of the service. */
  readonly callLoads?: () => ReadonlyMap<string, CallLoadReading>;
  /** Live instances. */
  readonly instances?: () => number;
  /** Calls that wait for their turn. */
  readonly callsWaiting?: () => number;
  readonly routeTableVersion?: () => number;
  /** Audit records of requests that could not be written. */
  readonly attemptsLost?: () => number;
  /** How many alerts of each severity fire. */
  readonly alertsFiring?: () => Readonly<Record<string, number>>;
  /** Health checks that are planned, and under way. */
  readonly probes?: () => { readonly planned: number; readonly running: number };
}

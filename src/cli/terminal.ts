import type { Clock } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { Random } from '../kernel/random.js';
import type { Fetch } from './api-client.js';

/** What the commands need of the process, so that tests can stand in for it. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Whether a person looks on: stderr is a terminal. */
  readonly isInteractive: boolean;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Starts the gateway in this process. */
  readonly serve: () => Promise<void>;
  /** Migrates the documents of a data directory in this process; answers the report. */
  readonly migrate: (options: MigrateOptions) => Promise<JsonObject>;
}

export interface MigrateOptions {
  /** `null`: the one that the settings name. */
  readonly data_dir: string | null;
  readonly dry_run: boolean;
}

export interface GlobalOptions {
  readonly url: string;
  readonly apiKey?: string;
  readonly json?: boolean;
}

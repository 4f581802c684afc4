import type { Envelope } from '../protocol/envelope-scan.js';
import type { Asker } from './stateless-request.js';

/** The request as it came. */
export interface Incoming {
  readonly body: Buffer;
  readonly envelope: Envelope;
  /** Of `params._meta`, which every request of the protocol has. */
  readonly metaStart: number;
}

/** Whose request it is. */
export interface Caller {
  readonly principalId: string;
  readonly asker: Asker;
  /** Whether its method allows the upstream to ask, and the client can be asked. */
  readonly askable: boolean;
}

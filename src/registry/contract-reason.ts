import type { SchemaVerdict } from './schema-compatibility.js';

/** Whose view of a tool changed: of those who send, of those who read, or of those who choose what to call and how. */
export type ContractSide = 'input' | 'output' | 'annotations' | 'execution' | 'text' | 'tool';

export interface ContractReason {
  /** JSON pointer into the tool: of the new revision for inputs, of the old one for outputs. */
  readonly pointer: string;
  readonly side: ContractSide;
  readonly detail: string;
  /** `unknown`: it cannot be told, and counts as breaking. */
  readonly verdict: SchemaVerdict;
}

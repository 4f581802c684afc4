/** What happened, in the past tense. Events are plain, frozen by convention, and carry identifiers rather than documents. */
export abstract class DomainEvent {
  /** The service it concerns, or `null`. */
  abstract readonly service_id: string | null;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** The one door to the log. Fields first, then a constant sentence, so that lines can be grouped. */
export abstract class Logger {
  abstract debug(fields: LogFields, message: string): void;
  abstract info(fields: LogFields, message: string): void;
  abstract warn(fields: LogFields, message: string): void;
  abstract error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each of its lines. */
  abstract child(fields: LogFields): Logger;
}

/** Says nothing; for tests and for parts that run before the log exists. */
export class SilentLogger extends Logger {
  override debug(): void {}
  override info(): void {}
  override warn(): void {}
  override error(): void {}
  override child(): Logger {
    return this;
  }
}

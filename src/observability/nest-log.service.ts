import { Injectable, type LoggerService } from '@nestjs/common';
import { Logger } from '../kernel/logger.js';

/** Nest's own lines in our log: `app.useLogger(app.get(NestLog))`. Routine ones count as debug. */
@Injectable()
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), 'framework');
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), 'framework');
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), 'framework');
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(fieldsOf(message, rest), 'framework');
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(fieldsOf(message, rest), 'framework');
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.error(fieldsOf(message, rest), 'framework');
  }
}

/** Nest puts the context last, and the stack of an error before it. */
function fieldsOf(message: unknown, rest: readonly unknown[]): Record<string, unknown> {
  const context = rest.at(-1);
  const stack = rest.length > 1 ? rest[0] : undefined;
  if (message instanceof Error) return { context, err: message };
  return stack === undefined
    ? { context, text: String(message) }
    : { context, text: String(message), stack };
}

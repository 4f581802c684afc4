import { pino, type DestinationStream, type Logger as PinoOf } from 'pino';
import { Logger, type LogFields } from '../kernel/logger.js';
import type { LogLevel } from '../settings/settings.js';

type Pino = PinoOf<string>;

/** Members that hold credentials wherever someone logs an object with them. */
const SECRET_MEMBERS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'api_key',
  '["x-api-key"]',
  '["set-cookie"]',
  '["proxy-authorization"]',
  '["mcp-session-id"]',
  '["webhook-signature"]',
];

function pathsOf(member: string): string[] {
  const tail = member.startsWith('[') ? member : `.${member}`;
  return [member, `*${tail}`, `*.*${tail}`];
}

/** Lines of JSON on standard output, or wherever `destination` leads; credentials are replaced by `[redacted]`. */
export class PinoLogger extends Logger {
  private readonly pino: Pino;

  constructor(level: LogLevel, destination?: DestinationStream);
  constructor(of: Pino);
  constructor(of: LogLevel | Pino, destination?: DestinationStream) {
    super();
    if (typeof of !== 'string') {
      this.pino = of;
      return;
    }
    const options = {
      level: of,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      redact: { paths: SECRET_MEMBERS.flatMap(pathsOf), censor: '[redacted]' },
    };
    this.pino =
      destination === undefined ? pino<string>(options) : pino<string>(options, destination);
  }

  override debug(fields: LogFields, message: string): void {
    this.pino.debug(fields, message);
  }

  override info(fields: LogFields, message: string): void {
    this.pino.info(fields, message);
  }

  override warn(fields: LogFields, message: string): void {
    this.pino.warn(fields, message);
  }

  override error(fields: LogFields, message: string): void {
    this.pino.error(fields, message);
  }

  override child(fields: LogFields): Logger {
    return new PinoLogger(this.pino.child({ ...fields }));
  }
}

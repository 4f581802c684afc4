import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { Authenticator } from './auth/authenticator.js';
import {
  isLargeImport,
  isYamlImport,
  MAX_BUNDLE_BYTES,
  MAX_YAML_BYTES,
  type Authenticate,
} from './bundles/import-body.js';
import { mountSwagger } from './discovery/swagger-mount.js';
import { GatewayMount } from './gateway/gateway.mount.js';
import { Logger } from './kernel/logger.js';
import { NestLog } from './observability/nest-log.service.js';
import { loadSettings } from './settings/settings.loader.js';
import type { Settings } from './settings/settings.js';
import { startupBanner } from './startup-banner.js';
import { startupFailure } from './startup-failure.js';

/** How long calls under way may go on once the process was told to end. */
const DRAIN_MS = 10_000;
/** Answers that are written already may still be on their way when connections are closed. */
const LINGER_MS = 500;
const JSON_BODIES = ['application/json', 'application/merge-patch+json'];
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const FOREVER_MS = 2 ** 30;

async function serve(settings: Settings): Promise<void> {
  // Timers of the clock keep no process alive; starting and stopping would otherwise end half-way, when only they remain.
  setInterval(() => undefined, FOREVER_MS);
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    abortOnError: false,
    bufferLogs: true,
    // A start that fails is told by us, in two lines; Nest would print its whole log and the error three times.
    autoFlushLogs: false,
    rawBody: true,
    ...tlsOf(settings),
  });
  const logger = app.get(Logger);
  app.useLogger(app.get(NestLog));
  app.flushLogs();
  app.disable('x-powered-by');
  // Our ETags name revisions; Express's would name bytes.
  app.set('etag', false);
  readImports(app);
  app.useBodyParser('json', { type: JSON_BODIES, limit: MAX_BODY_BYTES });
  mountSwagger(app);
  await app.init();
  const gateway = app.get(GatewayMount);
  gateway.mount(app.getHttpServer() as Server);
  endOnSignals(app, gateway, logger);
  await app.listen(settings.port, settings.host);
  process.stdout.write(startupBanner(settings));
}

/** Before the usual reader of bodies: who may import sends more than others do. */
function readImports(app: NestExpressApplication): void {
  const authenticator = app.get(Authenticator);
  const authenticate: Authenticate = (headers) => authenticator.authenticate(headers);
  app.useBodyParser('json', {
    type: (request: IncomingMessage) => isLargeImport(request, authenticate),
    limit: MAX_BUNDLE_BYTES,
  });
  app.useBodyParser('text', {
    type: (request: IncomingMessage) => isYamlImport(request, authenticate),
    limit: MAX_YAML_BYTES,
  });
}

function tlsOf(settings: Settings): { httpsOptions?: { cert: Buffer; key: Buffer } } {
  if (settings.tlsCert === null || settings.tlsKey === null) return {};
  return {
    httpsOptions: { cert: readFileSync(settings.tlsCert), key: readFileSync(settings.tlsKey) },
  };
}

/** The first signal drains and ends in order; a second one ends at once. */
function endOnSignals(app: NestExpressApplication, gateway: GatewayMount, logger: Logger): void {
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    if (ending) process.exit(1);
    ending = true;
    logger.info({ signal }, 'shutting down');
    const cut = await gateway.drain(DRAIN_MS);
    if (cut > 0) logger.warn({ calls: cut }, 'calls were cut off at shutdown');
    const server = app.getHttpServer() as Server;
    setTimeout(() => server.closeAllConnections(), LINGER_MS);
    await app.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      end(signal).catch((error: unknown) => {
        logger.error({ err: error }, 'shutting down failed');
        process.exit(1);
      });
    });
  }
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'a promise was rejected and nobody listened');
  });
}

function fail(error: unknown, settings: Settings | null): never {
  process.stderr.write(`${startupFailure(error, settings)}\n`);
  process.exit(1);
}

function settingsOrEnd(): Settings {
  try {
    return loadSettings();
  } catch (error) {
    fail(error, null);
  }
}

const settings = settingsOrEnd();
serve(settings).catch((error: unknown) => fail(error, settings));

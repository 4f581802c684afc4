import { join } from 'node:path';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server, ServerResponse } from 'node:http';
import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { Authenticator } from '../auth/authenticator.js';
import { OwnRequests } from '../auth/own-requests.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { Clock } from '../kernel/clock.js';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { RegistryService } from '../registry/registry.service.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { StorageModule } from '../storage/storage.module.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { Attempts } from './attempts.js';
import { RequestRecorder } from './request-recorder.js';
import type { KnownRoute } from './route-names.js';
import { routesOf } from './router-routes.js';

const DENIALS = 'switchyard:denial';

/**
 * Who changed what, and who was refused: reads and verifies the chain that the store writes, and keeps one of its own for
 * what commits nothing.
 */
@Module({
  imports: [AuthModule, ObservabilityModule, RegistryModule, StorageModule],
  controllers: [AuditController],
  providers: [
    AuditService,
    {
      provide: Attempts,
      inject: [Settings, FileSystem, Clock, Logger, RecordStore],
      useFactory: openAttempts,
    },
    {
      provide: RequestRecorder,
      inject: [Attempts, Clock, HttpAdapterHost, Authenticator, RegistryService, OwnRequests],
      useFactory: makeRecorder,
    },
  ],
})
export class AuditModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopWatching: () => void = () => undefined;
  private readonly onDenial = (message: unknown): void => {
    this.recorder.hearDenial(message);
  };

  constructor(
    private readonly recorder: RequestRecorder,
    private readonly attempts: Attempts,
    private readonly store: RecordStore,
    private readonly host: HttpAdapterHost,
    metrics: Metrics,
  ) {
    metrics.readFrom({ attemptsLost: () => attempts.lost });
  }

  onApplicationBootstrap(): void {
    this.stopWatching = this.store.watch((commit) => {
      this.recorder.hearCommit(commit);
    });
    subscribe(DENIALS, this.onDenial);
    // In front of the router, so that a body that cannot be read is seen as well. The gateway's mount, which comes later,
    // passes to its listeners what is not its own.
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.prependListener('request', (request: AdmittedRequest, response: ServerResponse) => {
      this.recorder.begin(request, response);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopWatching();
    unsubscribe(DENIALS, this.onDenial);
    await this.attempts.close();
  }
}

async function openAttempts(
  settings: Settings,
  fileSystem: FileSystem,
  clock: Clock,
  logger: Logger,
  store: RecordStore,
): Promise<Attempts> {
  const attempts = new Attempts({
    fileSystem,
    directory: join(settings.dataDir, 'services', 'audit'),
    clock,
    logger: logger.child({ part: 'audit' }),
    journalEnd: () => store.chainEnd,
  });
  // A disk that takes nothing does not keep the gateway from starting: it is tried again.
  await attempts.flush();
  return attempts;
}

function makeRecorder(
  attempts: Attempts,
  clock: Clock,
  host: HttpAdapterHost,
  authenticator: Authenticator,
  registry: RegistryService,
  own: OwnRequests,
): RequestRecorder {
  let routes: readonly KnownRoute[] | null = null;
  return new RequestRecorder({
    clock,
    record: (attempt) => {
      attempts.record(attempt);
    },
    routes: () => (routes ??= routesOf(host.httpAdapter.getInstance())),
    authenticate: ({ headers }) => authenticator.authenticate(headers),
    serviceId: (idOrName) => registry.find(idOrName)?.service_id ?? null,
    isOwn: (requestId) => own.isOwn(requestId),
  });
}

import { join } from 'node:path';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Clock } from '../kernel/clock.js';
import { FileSystem } from '../kernel/file-system.js';
import { Logger } from '../kernel/logger.js';
import { Random } from '../kernel/random.js';
import { Settings } from '../settings/settings.js';
import { parseApiKeys, type ApiKey } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { bindFault } from './bind-policy.js';
import { ensureSessionKeys, FileSessionKeys, openSessionKeys } from './file.session-keys.js';
import { parseHookSecrets, type HookSecret } from './hook-secrets.js';
import { KeyAuthenticator } from './key.authenticator.js';
import { LocalAuthenticator } from './local.authenticator.js';
import { ManagementGuard } from './management.guard.js';
import { OwnRequests } from './own-requests.js';
import { RequestGate } from './request-gate.js';
import { SessionKeys } from './session-keys.js';
import { WatchedFile } from './watched-file.js';
import { WebhookSignatures } from './webhook-signature.js';

const API_KEYS_FILE = Symbol('api keys file');
const HOOK_SECRETS_FILE = Symbol('hook secrets file');
const FILE_PORTS = [Settings, FileSystem, Clock, Logger];

/** Credentials, the rules at the door, and the keys that session ids are sealed with. */
@Module({
  providers: [
    {
      provide: API_KEYS_FILE,
      inject: FILE_PORTS,
      useFactory: openApiKeys,
    },
    {
      provide: HOOK_SECRETS_FILE,
      inject: FILE_PORTS,
      useFactory: openHookSecrets,
    },
    {
      provide: Authenticator,
      inject: [API_KEYS_FILE, Clock],
      useFactory: (file: WatchedFile<readonly ApiKey[]> | null, clock: Clock): Authenticator =>
        file === null ? new LocalAuthenticator() : new KeyAuthenticator(() => file.value, clock),
    },
    {
      provide: WebhookSignatures,
      inject: [HOOK_SECRETS_FILE, Clock],
      useFactory: (file: WatchedFile<readonly HookSecret[]> | null, clock: Clock) =>
        new WebhookSignatures(() => file?.value ?? [], clock),
    },
    {
      provide: SessionKeys,
      inject: [...FILE_PORTS, Random],
      useFactory: openSessionKeyFile,
    },
    {
      provide: RequestGate,
      inject: [Settings],
      useFactory: (settings: Settings) => new RequestGate(settings),
    },
    {
      provide: OwnRequests,
      inject: [Random],
      useFactory: (random: Random) => new OwnRequests(`self-${random.uuid()}`),
    },
    { provide: APP_GUARD, useClass: ManagementGuard },
  ],
  exports: [Authenticator, OwnRequests, RequestGate, SessionKeys, WebhookSignatures],
})
export class AuthModule implements OnApplicationShutdown {
  constructor(
    @Inject(API_KEYS_FILE) private readonly apiKeys: WatchedFile<unknown> | null,
    @Inject(HOOK_SECRETS_FILE) private readonly hookSecrets: WatchedFile<unknown> | null,
    private readonly sessionKeys: SessionKeys,
  ) {}

  onApplicationShutdown(): void {
    this.apiKeys?.close();
    this.hookSecrets?.close();
    if (this.sessionKeys instanceof FileSessionKeys) this.sessionKeys.close();
  }
}

async function openApiKeys(
  settings: Settings,
  files: FileSystem,
  clock: Clock,
  logger: Logger,
): Promise<WatchedFile<readonly ApiKey[]> | null> {
  const fault = bindFault(settings);
  if (fault !== null) throw new Error(fault);
  if (settings.apiKeysFile === null) return null;
  return new WatchedFile(settings.apiKeysFile, parseApiKeys, files, clock, logger).open();
}

async function openHookSecrets(
  settings: Settings,
  files: FileSystem,
  clock: Clock,
  logger: Logger,
): Promise<WatchedFile<readonly HookSecret[]> | null> {
  if (settings.hookSecretsFile === null) return null;
  return new WatchedFile(settings.hookSecretsFile, parseHookSecrets, files, clock, logger).open();
}

async function openSessionKeyFile(
  settings: Settings,
  files: FileSystem,
  clock: Clock,
  logger: Logger,
  random: Random,
): Promise<SessionKeys> {
  const own = join(settings.dataDir, 'services', 'keys', 'session.json');
  if (settings.sessionKeysFile === null) await ensureSessionKeys(own, files, random);
  return openSessionKeys(settings.sessionKeysFile ?? own, { files, clock, logger });
}

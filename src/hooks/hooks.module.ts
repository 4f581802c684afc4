import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { Clock } from '../kernel/clock.js';
import { Logger } from '../kernel/logger.js';
import { RegistrationModule } from '../registration/registration.module.js';
import { RegistrationService } from '../registration/registration.service.js';
import { Settings } from '../settings/settings.js';
import { HookCallerGuard } from './hook-caller.guard.js';
import { InboxFolder } from './inbox-folder.js';
import { Inbox } from './inbox.js';
import { InboxWatcher } from './inbox.watcher.js';
import { ManifestIntake } from './manifest-intake.js';
import { WrapperGeneratedController } from './wrapper-generated.controller.js';

/** Where generators register: the hook over HTTP and the inbox folder. */
@Module({
  imports: [AuthModule, RegistrationModule],
  controllers: [WrapperGeneratedController],
  providers: [
    HookCallerGuard,
    {
      provide: ManifestIntake,
      inject: [RegistrationService],
      useFactory: (registration: RegistrationService) => new ManifestIntake(registration),
    },
    {
      provide: InboxWatcher,
      inject: [Settings, ManifestIntake, Clock, Logger],
      useFactory: createInboxWatcher,
    },
  ],
})
export class HooksModule {}

function createInboxWatcher(
  settings: Settings,
  intake: ManifestIntake,
  clock: Clock,
  logger: Logger,
): InboxWatcher {
  const { inboxScopes, dataDir } = settings;
  if (inboxScopes === null) return new InboxWatcher(null);
  const folder = new InboxFolder(join(dataDir, 'inbox'));
  return new InboxWatcher(new Inbox(folder, intake, inboxScopes, clock, logger));
}

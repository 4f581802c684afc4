import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

@Module({
  imports: [RegistryModule],
  controllers: [UsageController],
  providers: [UsageService],
})
export class UsageModule {}

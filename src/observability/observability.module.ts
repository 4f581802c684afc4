import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Logger } from '../kernel/logger.js';
import { ChannelSubscriber } from './channel.subscriber.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';
import { NestLog } from './nest-log.service.js';
import { ProblemFilter } from './problem.filter.js';

/** Log, metrics, and the one shape of errors. */
@Module({
  controllers: [MetricsController],
  providers: [
    NestLog,
    { provide: Metrics, useFactory: () => new Metrics({ processMetrics: true }) },
    {
      provide: ChannelSubscriber,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => {
        const subscriber = new ChannelSubscriber(metrics);
        subscriber.start();
        return subscriber;
      },
    },
    {
      provide: APP_FILTER,
      inject: [Logger],
      useFactory: (logger: Logger) => new ProblemFilter(logger),
    },
  ],
  exports: [Metrics, NestLog],
})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(private readonly channels: ChannelSubscriber) {}

  onApplicationShutdown(): void {
    this.channels.stop();
  }
}

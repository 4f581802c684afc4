import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CallPerformance } from './call-performance.js';
import { InstanceSampler } from './instance-sampler.js';

const SAMPLE_MS = 15_000;

/** Gives the readings of instances their ticks, and drops the windows that are over. */
@Injectable()
export class PerformanceScheduler {
  constructor(
    private readonly sampler: InstanceSampler,
    private readonly calls: CallPerformance,
  ) {}

  @Interval('usage.sample', SAMPLE_MS)
  tick(): void {
    this.sampler.sample();
    this.calls.prune();
  }
}

import { ApiProperty } from '@nestjs/swagger';
import { CHECK_KINDS } from '../../config/defaults.js';
import type { CheckKind } from '../../config/service-config.js';
import type { PastResult } from '../check-history.js';
import type { HealthTransition } from '../transition-log.js';

const LEVELS = ['healthy', 'degraded', 'unhealthy', 'unknown'];

/** One result of one check. */
export class PastResultView implements PastResult {
  @ApiProperty({ description: 'Name of the check, or what it does.' })
  readonly check!: string;

  @ApiProperty({ enum: CHECK_KINDS })
  readonly kind!: CheckKind;

  @ApiProperty({ enum: ['pass', 'fail', 'unknown', 'skipped'] })
  readonly result!: PastResult['result'];

  @ApiProperty({ type: String, nullable: true, description: 'Stable code of the failure.' })
  readonly code!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'One CamelCase word.' })
  readonly reason!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What was seen, at most 512 characters; null for passes.',
  })
  readonly evidence!: string | null;

  @ApiProperty({ description: 'Milliseconds.' })
  readonly duration_ms!: number;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;
}

/** One change of the level of health. */
export class HealthTransitionView implements HealthTransition {
  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ enum: LEVELS })
  readonly from!: HealthTransition['from'];

  @ApiProperty({ enum: LEVELS })
  readonly to!: HealthTransition['to'];

  @ApiProperty({ description: 'One CamelCase word.' })
  readonly reason!: string;

  @ApiProperty({ description: 'One sentence.' })
  readonly summary!: string;
}

/** What the health of a service was like. */
export class HealthHistoryView {
  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({
    type: [HealthTransitionView],
    description: 'Changes of level, newest first; the last 100 are kept over restarts.',
  })
  transitions!: readonly HealthTransition[];

  @ApiProperty({
    type: [PastResultView],
    description:
      'Results, newest first; the last 100 of each check since the start of the gateway.',
  })
  results!: readonly PastResult[];
}

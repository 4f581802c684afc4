import { ApiProperty } from '@nestjs/swagger';
import { CHECK_KINDS } from '../../config/defaults.js';
import type { CheckKind } from '../../config/service-config.js';
import type { HealthRecord, Proof } from '../../lifecycle/service-status.js';
import { takesOut as isCritical } from '../verdict.js';
import type { PlannedCheck } from '../check-plan.js';
import type { CheckState, CheckStatus, ProbeOutcome } from '../check-state.js';

/** The last run of a check. */
export class OutcomeView {
  @ApiProperty({
    enum: ['pass', 'fail', 'unknown', 'skipped'],
    description: 'unknown: it could not be carried out. skipped: there was nothing to judge.',
  })
  result!: ProbeOutcome['result'];

  @ApiProperty({ type: String, nullable: true, description: 'Stable code of the failure.' })
  code!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'One CamelCase word.' })
  reason!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'What to do next.' })
  action!: string | null;

  @ApiProperty({ description: 'What was seen; at most 4 KiB. Results of tools are never kept.' })
  evidence!: string;

  @ApiProperty({ description: 'Milliseconds.' })
  duration_ms!: number;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  static of({ result, failure, evidence, duration_ms, at }: ProbeOutcome): OutcomeView {
    const { code = null, reason = null, action = null } = failure ?? {};
    return { result, code, reason, action, evidence, duration_ms, at };
  }
}

/** One check of a service and what its outcomes amount to. */
export class CheckView {
  @ApiProperty({ enum: CHECK_KINDS })
  kind!: CheckKind;

  @ApiProperty({ description: 'Name of the check, or what it does.' })
  name!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'null: a tool that is safe is chosen.',
  })
  tool!: string | null;

  @ApiProperty({ description: 'Whether failing takes the service out of rotation.' })
  critical!: boolean;

  @ApiProperty({
    enum: ['pending', 'passing', 'failing'],
    description: 'pending: nothing is known yet.',
  })
  status!: CheckStatus;

  @ApiProperty({ description: 'Passes in a row.' })
  passes!: number;

  @ApiProperty({ description: 'Failures in a row.' })
  fails!: number;

  @ApiProperty({ type: OutcomeView, nullable: true, description: 'null: it has not run yet.' })
  last!: OutcomeView | null;

  static of(check: PlannedCheck, state: CheckState): CheckView {
    const { kind, tool, critical } = check.config;
    const { status, passes, fails, last } = state;
    const shown = last === null ? null : OutcomeView.of(last);
    const takesOut = isCritical({ kind, critical });
    return {
      kind,
      name: check.label,
      tool,
      critical: takesOut,
      status,
      passes,
      fails,
      last: shown,
    };
  }
}

/** The verdict on a service, with the evidence it stands on. */
export class HealthView {
  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy', 'unknown'] })
  level!: HealthRecord['level'];

  @ApiProperty({ description: 'One sentence.' })
  summary!: string;

  @ApiProperty({ description: 'One CamelCase word.' })
  reason!: string;

  @ApiProperty({ type: String, nullable: true, description: 'What to do next; null = nothing.' })
  action!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  checked_at!: string | null;

  @ApiProperty({
    type: Object,
    nullable: true,
    description: 'The last proof; null before the first.',
  })
  proof!: Proof | null;

  @ApiProperty({ type: [CheckView] })
  checks!: CheckView[];
}

/** Whether the gateway may be sent traffic. */
export class ReadinessView {
  @ApiProperty({ enum: ['ok', 'unready'] })
  status!: 'ok' | 'unready';

  @ApiProperty({
    type: Object,
    description: 'Each part with `ok`, or what it waits for.',
    example: { store: 'ok', lifecycle: 'ok', routes: 'ok' },
  })
  checks!: Readonly<Record<string, string>>;
}

/** The process answers. */
export class LivenessView {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

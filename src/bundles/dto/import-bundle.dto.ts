import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { CONFLICT_POLICIES, type ConflictPolicy } from '../import-plan.js';

const FLAGS = ['true', 'false', ''];

export class ImportBundleDto {
  @ApiProperty({
    type: 'boolean',
    required: false,
    default: false,
    description: 'Answer the plan and its hash; change nothing',
  })
  @IsOptional()
  @IsIn(FLAGS)
  dry_run?: string;

  @ApiProperty({
    required: false,
    description: '`plan_hash` of the plan that is to be applied; needed unless `dry_run`',
    pattern: '^[0-9a-f]{64}$',
  })
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/)
  plan_hash?: string;

  @ApiProperty({
    enum: CONFLICT_POLICIES,
    required: false,
    default: 'fail',
    description: 'What becomes of an item of which something else is here already',
  })
  @IsOptional()
  @IsIn(CONFLICT_POLICIES)
  conflict?: ConflictPolicy;

  @ApiProperty({
    type: 'boolean',
    required: false,
    default: false,
    description: 'Archive the services that are not in the bundle',
  })
  @IsOptional()
  @IsIn(FLAGS)
  prune?: string;

  @ApiProperty({
    type: 'boolean',
    required: false,
    default: false,
    description: 'Updated services may break the contract of the tools they offer now',
  })
  @IsOptional()
  @IsIn(FLAGS)
  allow_breaking?: string;
}

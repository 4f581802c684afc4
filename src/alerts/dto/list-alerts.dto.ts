import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

const STATES = ['pending', 'firing', 'resolved'];
const SEVERITIES = ['warning', 'critical'];
const RULES = [
  'SecurityFinding',
  'CrashLoop',
  'ServiceError',
  'ServiceUnhealthy',
  'DependencyDown',
  'ServiceDegraded',
  'StorageReadOnly',
  'DiskFull',
];

/** A page of a list. */
export class PageDto {
  @ApiProperty({ required: false, minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiProperty({ required: false, description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  cursor?: string;
}

/** Filters are combined: an alert has to fit all of them. */
export class ListAlertsDto extends PageDto {
  @ApiProperty({ enum: STATES, required: false })
  @IsOptional()
  @IsIn(STATES)
  state?: string;

  @ApiProperty({ enum: SEVERITIES, required: false })
  @IsOptional()
  @IsIn(SEVERITIES)
  severity?: string;

  @ApiProperty({ enum: RULES, required: false })
  @IsOptional()
  @IsIn(RULES)
  rule?: string;

  @ApiProperty({ required: false, description: 'Id or name of the service' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  service?: string;

  @ApiProperty({
    required: false,
    description: 'Words that all occur in rule, name, reason or summary',
  })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  q?: string;
}

export class ListDeliveriesDto extends PageDto {
  @ApiProperty({ enum: ['pending', 'dead'], required: false })
  @IsOptional()
  @IsIn(['pending', 'dead'])
  state?: string;
}

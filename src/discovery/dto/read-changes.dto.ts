import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import type { ChangeView } from '../change-view.js';

export class ReadChangesDto {
  @ApiProperty({
    type: 'integer',
    required: false,
    minimum: 0,
    description: 'Store revision; changes after it are answered. Default: now',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  since?: number;

  @ApiProperty({
    type: 'integer',
    required: false,
    minimum: 0,
    maximum: 60,
    default: 0,
    description: 'Seconds to wait for a change when there is none (long poll)',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(60)
  wait?: number;

  @ApiProperty({ type: 'integer', required: false, minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

export class ChangeListView {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Commits, oldest first: revision, at, actor, source, verb, subject, changes',
  })
  items!: readonly ChangeView[];

  @ApiProperty({ type: 'integer', description: 'Ask with `since` of this value for what follows' })
  next!: number;

  @ApiProperty({ type: 'integer', description: 'Newest store revision' })
  revision!: number;
}

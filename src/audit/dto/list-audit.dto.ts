import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsRFC3339, IsString, Max, MaxLength, Min } from 'class-validator';

const OUTCOMES = ['done', 'failed', 'denied'];

/** Filters are combined: an entry has to fit all of them. */
export class FilterAuditDto {
  @ApiProperty({
    required: false,
    description: 'Id of the key; `local`, `system`, `anonymous`; `!system` = all but this one',
  })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  actor?: string;

  @ApiProperty({ required: false, description: '`api`, `hook`, `inbox`, `mcp`, `reconciler`, …' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  source?: string;

  @ApiProperty({ required: false, description: 'The verb or how it begins, such as `service.`' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  verb?: string;

  @ApiProperty({ required: false, description: 'Id of the subject; of a service its name as well' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  subject?: string;

  @ApiProperty({ enum: OUTCOMES, required: false })
  @IsOptional()
  @IsIn(OUTCOMES)
  outcome?: string;

  @ApiProperty({ required: false, description: 'As answered in `X-Request-Id`' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  request_id?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Not before' })
  @IsOptional()
  @IsRFC3339()
  since?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Not after' })
  @IsOptional()
  @IsRFC3339()
  until?: string;
}

export class ListAuditDto extends FilterAuditDto {
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiProperty({ required: false, description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

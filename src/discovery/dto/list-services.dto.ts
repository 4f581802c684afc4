import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

const TYPES = ['function', 'executable'];
const STATUSES = ['active', 'inactive', 'error'];
const STATES = [
  'draft',
  'validating',
  'deploying',
  'active',
  'updating',
  'deactivating',
  'inactive',
  'error',
];
const LEVELS = ['healthy', 'degraded', 'unhealthy', 'unknown'];
const MODES = ['stdio', 'sse', 'streamable_http'];
const SORTS = ['name', '-name', 'created_at', '-created_at', 'updated_at', '-updated_at'];

/** Filters are combined: a service has to fit all of them. */
export class ListServicesDto {
  @ApiProperty({ enum: TYPES, required: false })
  @IsOptional()
  @IsIn(TYPES)
  type?: string;

  @ApiProperty({ enum: STATUSES, required: false, description: 'The simple answer' })
  @IsOptional()
  @IsIn(STATUSES)
  status?: string;

  @ApiProperty({ enum: STATES, required: false })
  @IsOptional()
  @IsIn(STATES)
  state?: string;

  @ApiProperty({ enum: LEVELS, required: false, description: 'Level of health' })
  @IsOptional()
  @IsIn(LEVELS)
  health?: string;

  @ApiProperty({ required: false, description: 'One of its tags' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  tag?: string;

  @ApiProperty({ enum: MODES, required: false })
  @IsOptional()
  @IsIn(MODES)
  hosting_mode?: string;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  owner?: string;

  @ApiProperty({ required: false, description: "The generator's id of its source" })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  script_id?: string;

  @ApiProperty({
    required: false,
    description:
      'Words in names, titles, descriptions, tags and tools; by prefix and with small mistakes',
  })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  q?: string;

  @ApiProperty({
    enum: SORTS,
    required: false,
    description: '`-` is descending. Default: `name`, or with `q` the best match first',
  })
  @IsOptional()
  @IsIn(SORTS)
  sort?: string;

  @ApiProperty({ required: false, minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiProperty({
    required: false,
    description: '`next_cursor` of the page before; keep the other parameters',
  })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  cursor?: string;
}

import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/** A route besides those that follow from a service's name and configuration. */
export class CreateRouteDto {
  @ApiProperty({
    description:
      '`/mcp/` and at most 8 segments of `a-z 0-9 . _ -`; a segment may be `{name}`, the last one `*` (one or more).',
    example: '/mcp/weather/beta',
    maxLength: 512,
  })
  @IsString()
  @MaxLength(512)
  path!: string;

  @ApiProperty({ description: 'Name or id of the service it leads to', example: 'weather' })
  @IsString()
  @MaxLength(64)
  service!: string;

  @ApiProperty({
    description: 'Routes of higher priority are tried first',
    minimum: -1000,
    maximum: 1000,
    default: 0,
    required: false,
  })
  @IsOptional()
  @IsInt()
  @Min(-1000)
  @Max(1000)
  priority?: number;

  @ApiProperty({
    description:
      'Revision number or semver that the route is pinned to; null = whatever is current',
    type: String,
    nullable: true,
    default: null,
    required: false,
    example: '1.2.0',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[0-9A-Za-z.+-]{1,64}$/)
  version?: string | null;

  @ApiProperty({
    description: 'For people',
    type: String,
    nullable: true,
    default: null,
    required: false,
  })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  description?: string | null;
}

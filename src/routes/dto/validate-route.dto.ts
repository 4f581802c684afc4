import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

/** One route to be judged. */
export class CandidateRouteDto {
  @ApiProperty({ description: 'Path of the route', example: '/mcp/weather/beta' })
  @IsString()
  @MaxLength(512)
  path!: string;

  @ApiProperty({
    description: 'Priority',
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
    description: 'Revision number or semver; null = whatever is current',
    type: String,
    nullable: true,
    default: null,
    required: false,
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  version?: string | null;
}

/** A service as it would be, for a report of conflicts that changes nothing. */
export class ValidateRouteDto {
  @ApiProperty({ description: 'Name that the service has or would have', example: 'weather' })
  @IsString()
  @MaxLength(63)
  name!: string;

  @ApiProperty({
    description: 'Id of the service when it exists already: its own routes are then no conflict',
    type: String,
    nullable: true,
    default: null,
    required: false,
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  service_id?: string | null;

  @ApiProperty({
    description: 'Routes besides `/mcp/<name>`',
    type: [CandidateRouteDto],
    default: [],
    required: false,
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(64)
  @ValidateNested({ each: true })
  @Type(() => CandidateRouteDto)
  routes?: CandidateRouteDto[];
}

import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

const asFlag = ({ value }: { value: unknown }): unknown =>
  value === 'true' || value === '' ? true : value === 'false' ? false : value;

export class ReadLogsDto {
  @ApiProperty({ type: 'integer', required: false, minimum: 0, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(500)
  tail?: number;

  @ApiProperty({
    type: Boolean,
    required: false,
    default: false,
    description: 'Go on as an event stream',
  })
  @IsOptional()
  @Transform(asFlag)
  @IsBoolean()
  follow?: boolean;
}

export class ReadConfigDto {
  @ApiProperty({
    type: Boolean,
    required: false,
    default: false,
    description: 'Add the layer that each value came from',
  })
  @IsOptional()
  @Transform(asFlag)
  @IsBoolean()
  explain?: boolean;
}

export class DiffRevisionsDto {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  from!: number;

  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  to!: number;
}

export class ReadGraphDto {
  @ApiProperty({ enum: ['json', 'mermaid', 'dot'], required: false, default: 'json' })
  @IsOptional()
  @IsIn(['json', 'mermaid', 'dot'])
  format?: 'json' | 'mermaid' | 'dot';
}

/** An endpoint that takes no query parameters. */
export class NoQueryDto {}

import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export class ListRoutesDto {
  @ApiProperty({ description: 'Only routes of this service, by id or name', required: false })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  service?: string;

  @ApiProperty({
    description: 'Only routes of this kind',
    enum: ['default', 'alias', 'configured', 'extra'],
    required: false,
  })
  @IsOptional()
  @IsIn(['default', 'alias', 'configured', 'extra'])
  kind?: string;

  @ApiProperty({
    description: 'Items on a page',
    minimum: 1,
    maximum: 500,
    default: 50,
    required: false,
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiProperty({ description: '`next_cursor` of the page before', required: false })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  cursor?: string;
}

import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

const FORMATS = ['json', 'yaml'];

export class ExportBundleDto {
  @ApiProperty({ enum: FORMATS, required: false, default: 'json' })
  @IsOptional()
  @IsIn(FORMATS)
  format?: 'json' | 'yaml';

  @ApiProperty({ required: false, description: 'Names or ids, separated by commas; default all' })
  @IsOptional()
  @IsString()
  @MaxLength(8192)
  services?: string;

  @ApiProperty({
    required: false,
    description: 'Services with any of these tags, separated by commas; default all',
  })
  @IsOptional()
  @IsString()
  @MaxLength(8192)
  tags?: string;
}

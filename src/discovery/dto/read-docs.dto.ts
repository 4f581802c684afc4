import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

const FORMATS = ['markdown', 'html', 'openapi', 'server_json'] as const;

export class ReadDocsDto {
  @ApiProperty({ enum: FORMATS, required: false, default: 'markdown' })
  @IsOptional()
  @IsIn(FORMATS)
  format?: (typeof FORMATS)[number];
}

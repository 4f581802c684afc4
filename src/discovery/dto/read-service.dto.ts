import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

export class ReadServiceDto {
  @ApiProperty({
    enum: ['document', 'spec'],
    required: false,
    default: 'document',
    description: '`spec` answers exactly what PUT accepts',
  })
  @IsOptional()
  @IsIn(['document', 'spec'])
  view?: string;
}

import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsRFC3339, IsString, MaxLength } from 'class-validator';

/** Who acknowledges is whoever sends it. */
export class AcknowledgeAlertDto {
  @ApiProperty({
    type: String,
    nullable: true,
    required: false,
    description: 'For people',
    maxLength: 1000,
  })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  note?: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    required: false,
    description: 'When repeats start again, if it fires then; null = not before it is resolved',
  })
  @IsOptional()
  @IsRFC3339()
  until?: string | null;
}

import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';

export class TestReceiverDto {
  @ApiProperty({ description: 'Id or name of a receiver, as listed', example: 'gateway:on-call' })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  receiver!: string;
}

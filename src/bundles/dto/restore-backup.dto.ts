import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { RestoreOptions } from '../restore.service.js';

const FLAG = ['true', 'false', ''];
const SCHEMA = { type: 'boolean', required: false, default: false } as const;

export class RestoreBackupDto {
  @ApiProperty({ ...SCHEMA, description: 'Check everything and answer the plan; change nothing.' })
  @IsOptional()
  @IsIn(FLAG)
  dry_run?: string;

  @ApiProperty({
    ...SCHEMA,
    description:
      'Leave services, templates and extra routes that the backup does not have as they are; else services are archived and the others removed.',
  })
  @IsOptional()
  @IsIn(FLAG)
  keep_others?: string;

  @ApiProperty({
    ...SCHEMA,
    description:
      'Leave out services and templates that are not valid here, such as those whose command is missing; else they refuse the whole.',
  })
  @IsOptional()
  @IsIn(FLAG)
  skip_invalid?: string;
}

export function restoreOptionsOf(query: RestoreBackupDto, waitMs: number): RestoreOptions {
  return {
    dryRun: isSet(query.dry_run),
    keepOthers: isSet(query.keep_others),
    skipInvalid: isSet(query.skip_invalid),
    waitMs,
  };
}

/** `?flag`, `?flag=true` and `?flag=false`. */
function isSet(flag: string | undefined): boolean {
  return flag === 'true' || flag === '';
}

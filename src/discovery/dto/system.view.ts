import { ApiProperty } from '@nestjs/swagger';

const OBJECT = { type: 'object', additionalProperties: true } as const;

export class SystemView {
  @ApiProperty({ type: String, example: 'switchyard' })
  name!: string;

  @ApiProperty({ type: String })
  version!: string;

  @ApiProperty({ type: String, description: 'Version of Node' })
  node!: string;

  @ApiProperty({ type: String })
  platform!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  started_at!: string;

  @ApiProperty({ type: 'integer' })
  uptime_s!: number;

  @ApiProperty({ ...OBJECT, description: 'As loaded; credentials in URLs are left out' })
  settings!: object;

  @ApiProperty({
    ...OBJECT,
    description: 'Adapter, revision, records, read_only, reason, faults, boot',
  })
  storage!: object;

  @ApiProperty({
    ...OBJECT,
    description: 'Services by state, instances, routes, table version, streams',
  })
  counts!: object;
}

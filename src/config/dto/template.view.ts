import { ApiProperty } from '@nestjs/swagger';
import type { TemplateSummary } from '../template.service.js';
import type { ConfigFragment } from '../service-config.js';

export class TemplateView {
  @ApiProperty({ type: String, description: 'Version of the form of this document.' })
  readonly schema_version!: string;

  @ApiProperty({ type: String, example: 'function_service' })
  readonly template_id!: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Grows with each edit.' })
  readonly revision!: number;

  @ApiProperty({ type: String, example: 'function_service@1', description: 'What a service pins.' })
  readonly reference!: string;

  @ApiProperty({ type: Boolean, description: 'Shipped with the product and read-only.' })
  readonly built_in!: boolean;

  @ApiProperty({ type: String })
  readonly title!: string;

  @ApiProperty({ type: String })
  readonly description!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Template below this one, pinned.' })
  readonly extends!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Its layer.' })
  readonly config!: ConfigFragment;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Further layers by environment.',
  })
  readonly overlays!: Readonly<Record<string, ConfigFragment>>;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When this revision was made; null when it is shipped with the product.',
  })
  readonly created_at!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Who made this revision.' })
  readonly actor!: string | null;
}

export function templateView(template: TemplateSummary): TemplateView {
  const { created_at, actor, ...rest } = template;
  return { ...rest, created_at: created_at ?? null, actor: actor ?? null };
}

export class TemplateListView {
  @ApiProperty({ type: [TemplateView] })
  readonly items!: readonly TemplateView[];

  @ApiProperty({ type: String, nullable: true, description: 'Always null: the list is whole.' })
  readonly next_cursor!: string | null;

  @ApiProperty({ type: 'integer' })
  readonly total!: number;
}

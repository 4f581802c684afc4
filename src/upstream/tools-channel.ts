import { channel } from 'node:diagnostics_channel';

/** One message of `switchyard:tools-announced`: a child said that its tools are others now. */
export interface ToolsAnnouncement {
  /** Name of the service. */
  readonly service: string;
  readonly instance_id: string;
}

export const TOOLS_ANNOUNCEMENT = 'notifications/tools/list_changed';

/** Publishers ask `hasSubscribers` first. */
export const toolsChannel = channel('switchyard:tools-announced');

import { ApiProperty } from '@nestjs/swagger';
import type { InstanceView } from '../../lifecycle/instance.js';
import type { CallLoad } from '../call-loads.js';
import type { WindowFigures } from '../rolling-window.js';
import type { PerformanceWindow, ToolFigures } from '../service-performance.js';

const PERCENTILE = 'Milliseconds, at most 9.1 % above the true value; null without calls.';
const MAX_PLACES = 10_000;

/** Calls by how they ended. */
export class FiguresView {
  @ApiProperty({
    type: 'integer',
    description:
      'Calls that the service answered or failed to answer; those of `cancelled` and `refused` are not among them.',
  })
  calls!: number;

  @ApiProperty({
    type: 'integer',
    description: 'No answer: the upstream ended, broke off, could not be reached or was late.',
  })
  transport_errors!: number;

  @ApiProperty({ type: 'integer', description: 'Results of tools with `isError`.' })
  tool_errors!: number;

  @ApiProperty({
    type: 'integer',
    description: 'JSON-RPC errors of tool calls that are no fault of the caller.',
  })
  rpc_errors!: number;

  @ApiProperty({
    type: 'integer',
    description:
      'JSON-RPC errors that say that the request was wrong (-32600, -32601, -32602, -32002, -32042), and those of other methods than `tools/call`. They count as answers.',
  })
  caller_errors!: number;

  @ApiProperty({ type: 'integer', description: 'Given up by their callers.' })
  cancelled!: number;

  @ApiProperty({ type: 'integer', description: 'Refused by the gateway.' })
  refused!: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Share of `calls` with an error of transport, tool or rpc; null without calls.',
  })
  error_rate!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Transport errors alone.' })
  transport_error_rate!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Errors of tools alone.' })
  tool_error_rate!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: PERCENTILE })
  p50_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: PERCENTILE })
  p95_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: PERCENTILE })
  p99_ms!: number | null;

  static of(figures: WindowFigures): FiguresView {
    const { calls, transport_errors, tool_errors, rpc_errors } = figures;
    return {
      calls,
      transport_errors,
      tool_errors,
      rpc_errors,
      caller_errors: figures.caller_errors,
      cancelled: figures.cancelled,
      refused: figures.refused,
      error_rate: share(transport_errors + tool_errors + rpc_errors, calls),
      transport_error_rate: share(transport_errors, calls),
      tool_error_rate: share(tool_errors, calls),
      p50_ms: figures.p50_ms,
      p95_ms: figures.p95_ms,
      p99_ms: figures.p99_ms,
    };
  }
}

export class ToolFiguresView extends FiguresView {
  @ApiProperty({
    description: '`(other tools)`: past 50 tools, and names that the service does not list.',
  })
  tool!: string;

  static override of({ tool, ...figures }: ToolFigures): ToolFiguresView {
    return { tool, ...FiguresView.of(figures) };
  }
}

export class WindowView extends FiguresView {
  @ApiProperty({
    type: 'integer',
    enum: [60, 900],
    description: 'Seconds. A twelfth of a minute, a fifteenth of 15 minutes leaves it at a time.',
  })
  window_s!: number;

  @ApiProperty({ type: [ToolFiguresView], description: 'Most called first.' })
  tools!: ToolFiguresView[];

  static override of({ window_s, tools, ...figures }: PerformanceWindow): WindowView {
    const listed = tools.map((tool) => ToolFiguresView.of(tool));
    return { window_s, ...FiguresView.of(figures), tools: listed };
  }
}

export class InstancePerformanceView {
  @ApiProperty()
  instance_id!: string;

  @ApiProperty({ type: 'integer' })
  revision!: number;

  @ApiProperty({ enum: ['starting', 'ready', 'draining', 'stopped', 'failed'] })
  state!: InstanceView['state'];

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: a remote connection.' })
  pid!: number | null;

  @ApiProperty({ type: 'integer', description: 'Seconds since its start.' })
  uptime_s!: number;

  @ApiProperty({ type: 'integer' })
  in_flight!: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Resident memory of its process group; null: a remote connection.',
  })
  memory_bytes!: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'CPU of its process group, 100 = one core, over the last seconds (at most 15); null: a remote connection, or too young.',
  })
  cpu_percent!: number | null;

  @ApiProperty({
    type: 'integer',
    description: 'Failures of instances of the service before, since the gateway started.',
  })
  restarts!: number;

  @ApiProperty({ description: 'Whether its calls kept failing, so that it is not picked for now.' })
  ejected!: boolean;

  static of(instance: InstanceView, cpu: number | null): InstancePerformanceView {
    const { instance_id, revision, state, pid, uptime_s } = instance;
    return {
      instance_id,
      revision,
      state,
      pid,
      uptime_s,
      in_flight: instance.in_flight,
      memory_bytes: instance.memory_bytes,
      cpu_percent: cpu === null ? null : Math.round(cpu * 1_000) / 10,
      restarts: instance.restarts,
      ejected: instance.ejected ?? false,
    };
  }
}

/** How a service does now. */
export class PerformanceView {
  @ApiProperty({ format: 'uuid' })
  service_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: 'integer', description: 'Calls under way.' })
  in_flight!: number;

  @ApiProperty({ type: 'integer', description: 'Calls that wait for their turn.' })
  queued!: number;

  @ApiProperty({
    enum: ['closed', 'open', 'half-open'],
    description: 'Whether calls are kept from it, as it kept failing; half-open: one call tries.',
  })
  circuit!: CallLoad['circuit'];

  @ApiProperty({ type: [WindowView], description: 'The last minute, then the last 15 minutes.' })
  windows!: WindowView[];

  @ApiProperty({ type: [InstancePerformanceView] })
  instances!: InstancePerformanceView[];
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * MAX_PLACES) / MAX_PLACES;
}

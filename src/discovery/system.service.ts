import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { RouteTableHolder } from '../gateway/route-table.js';
import { Clock } from '../kernel/clock.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { Settings } from '../settings/settings.js';
import { RecordStore } from '../storage/record-store.js';
import { GATEWAY_CLIENT } from '../upstream/upstream.js';
import type { SystemView } from './dto/system.view.js';
import { ServiceAccessService } from './service-access.service.js';
import { shownSettings } from './shown-settings.js';

/** What the process itself is told. */
@Injectable()
export class SystemPlatform {
  constructor(
    readonly clock: Clock,
    readonly settings: Settings,
  ) {}
}

/** What the gateway is and how it is doing. */
@Injectable()
export class SystemService {
  private readonly startedAt: string;
  private readonly startedMs: number;

  constructor(
    private readonly access: ServiceAccessService,
    private readonly lifecycle: LifecycleService,
    private readonly tables: RouteTableHolder,
    private readonly store: RecordStore,
    private readonly platform: SystemPlatform,
  ) {
    this.startedAt = platform.clock.timestamp();
    this.startedMs = platform.clock.monotonicMs();
  }

  read(principal: Principal): SystemView {
    const { clock, settings } = this.platform;
    const { name, version } = GATEWAY_CLIENT.clientInfo;
    return {
      name: String(name),
      version: String(version),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      started_at: this.startedAt,
      uptime_s: Math.floor((clock.monotonicMs() - this.startedMs) / 1_000),
      settings: shownSettings(settings),
      storage: this.storage(principal),
      counts: this.counts(principal),
    };
  }

  /** Faults name documents, so a key that sees some services only is told how many there are. */
  private storage(principal: Principal): object {
    const { faults, ...status } = this.store.status();
    if (principal.services !== null) return { ...status, faults: faults.length };
    const shown = faults.map(({ kind, id, fault, file, detail }) => ({
      kind,
      id,
      fault,
      file,
      detail,
    }));
    return { ...status, faults: shown };
  }

  private counts(principal: Principal): object {
    const services: Record<string, number> = {};
    const visible = this.access.visible(principal);
    for (const { service_id } of visible) {
      const { state } = this.lifecycle.statusOf(service_id);
      services[state] = (services[state] ?? 0) + 1;
    }
    const { current } = this.tables;
    return {
      services: visible.length,
      services_by_state: services,
      instances: this.lifecycle.runningCount(),
      endpoints: current.endpoints.length,
      table_version: current.version,
    };
  }
}

import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { FileSystem } from '../kernel/file-system.js';
import { replaceFile } from './durable-write.js';
import { INDEX_FILE } from './record-layout.js';
import type { RecordTable } from './record-table.js';
import { SCHEMA_VERSION } from './schema-version.js';

const DELAY_MS = 1000;

/** `active/index.json`: which file is which service, for people and scripts. Written late, never read by the store. */
export class ServiceIndex {
  private cancel: CancelTimer | null = null;
  private isStale = true;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly table: RecordTable,
    private readonly clock: Clock,
  ) {}

  /** A service changed; the file follows within about a second. */
  touch(): void {
    this.isStale = true;
    this.cancel ??= this.clock.schedule(DELAY_MS, () => {
      this.cancel = null;
      void this.write();
    });
  }

  /** Writes it now if it is behind. It is a cache: a failure is forgotten, and made good by the next change or boot. */
  write(): Promise<void> {
    this.running = this.running.then(async () => {
      if (!this.isStale) return;
      this.isStale = false;
      const content = Buffer.from(`${JSON.stringify(this.contents(), null, 2)}\n`);
      await replaceFile(this.fileSystem, `${this.directory}/${INDEX_FILE}`, [content]).catch(() => {
        this.isStale = true;
      });
    });
    return this.running;
  }

  async stop(): Promise<void> {
    this.cancel?.();
    this.cancel = null;
    await this.running;
  }

  private contents(): object {
    const services = this.table.list('service').map(({ id, version, doc }) => {
      return { service_id: id, name: doc['name'] ?? null, version };
    });
    return { schema_version: SCHEMA_VERSION, revision: this.table.revision, services };
  }
}

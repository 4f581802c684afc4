import type { Logger } from '../kernel/logger.js';
import type { CommitListener, CommitRecord } from './record-store.js';

/** Who listens to the commits. A listener that throws is logged and harms neither the store nor the others. */
export class CommitWatchers {
  private readonly listeners = new Set<{ readonly hear: CommitListener }>();

  constructor(private readonly logger: Logger) {}

  add(hear: CommitListener): () => void {
    // A fresh object, so that the same function may listen twice and each end only itself.
    const entry = { hear };
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  }

  tell(commit: CommitRecord): void {
    for (const { hear } of [...this.listeners]) {
      try {
        hear(commit);
      } catch (error) {
        this.logger.error({ err: error, revision: commit.revision }, 'A commit listener failed.');
      }
    }
  }
}

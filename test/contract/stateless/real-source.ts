import { fileURLToPath } from 'node:url';
import type { InstanceSource, Lease, LeaseRequest } from '../../../src/upstream/instance-source.js';
import type { UpstreamFactory } from '../../../src/upstream/upstream.factory.js';
import type { Upstream } from '../../../src/upstream/upstream.js';
import { nodeCommand, remoteAt, remoteFixture, spec, startUpstream } from '../upstream/harness.js';

const SERVER = fileURLToPath(new URL('../../fixtures/stateless-server.mjs', import.meta.url));

export type Era = 'legacy' | 'modern' | 'dual';

/** Instances of the fixture server: a child for each lease, or one HTTP server for all. */
export class RealSource implements InstanceSource {
  /** Leases that are out. */
  leases = 0;
  started = 0;
  private remote: Promise<Upstream> | null = null;

  constructor(
    private readonly transport: 'stdio' | 'streamable_http',
    private readonly era: Era,
    /** Makes all children; by default each is made by one that knows of no other. */
    private readonly from?: UpstreamFactory,
  ) {}

  async acquire(_request: LeaseRequest): Promise<Lease> {
    const upstream = this.transport === 'stdio' ? await this.child() : await this.server();
    let live = true;
    this.leases += 1;
    return {
      instanceId: `real-${this.started}`,
      upstream,
      release: () => {
        if (!live) return;
        live = false;
        this.leases -= 1;
        if (!upstream.multiplexed) void upstream.stop();
      },
    };
  }

  private child(): Promise<Upstream> {
    this.started += 1;
    const command = nodeCommand(SERVER, {}, null, ['--transport', 'stdio', '--era', this.era]);
    return startUpstream(spec('stdio', { command }), this.from);
  }

  private server(): Promise<Upstream> {
    this.remote ??= (async () => {
      this.started += 1;
      const args = ['--transport', 'http', '--era', this.era];
      const origin = await remoteFixture('../stateless-server.mjs', {}, args);
      return await startUpstream(spec('streamable_http', { remote: remoteAt(`${origin}/mcp`) }));
    })();
    return this.remote;
  }
}

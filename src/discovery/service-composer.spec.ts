import { describe, expect, it } from '@jest/globals';
import { serviceDocument } from '../../test/support/service-fixture.js';
import { ServiceComposer } from './service-composer.js';

type Ports = ConstructorParameters<typeof ServiceComposer>;

const STATUS = {
  state: 'updating',
  tools: [{ name: 'now' }],
  conditions: [],
  proof: null,
  last_failure: null,
  server: null,
  stable_revision: 3,
};
const HEALTH = {
  level: 'healthy',
  summary: 'Well',
  reason: 'Passing',
  action: null,
  checked_at: null,
};

describe('ServiceComposer', () => {
  const composer = new ServiceComposer(
    { statusOf: () => STATUS } as unknown as Ports[0],
    { recordOf: () => HEALTH } as unknown as Ports[1],
    {
      routesOf: () => [
        { path: '/mcp/weather', priority: 0, kind: 'default', version: null, route_id: 'r' },
      ],
    } as unknown as Ports[2],
    'http://localhost:8090',
  );

  it('joins what is wanted with what is observed', () => {
    const document = serviceDocument('weather', { revision: 4, candidate: 5, generation: 9 });
    expect(composer.compose(document)).toMatchObject({
      service_id: 'weather',
      name: 'weather',
      status: 'active',
      state: 'updating',
      tools: [{ name: 'now' }],
      routes: [{ path: '/mcp/weather', priority: 0, kind: 'default', version: null }],
      health: HEALTH,
      revision: 4,
      stable_revision: 3,
      candidate: 5,
      generation: 9,
      config: document.spec.config,
      deleted_at: null,
      endpoints: {
        streamable_http: 'http://localhost:8090/mcp/weather',
        sse: 'http://localhost:8090/mcp/weather/sse',
        rest: 'http://localhost:8090/api/v1/services/weather/tools',
      },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { ReadinessGate } from './gateway.health.js';

describe('ReadinessGate', () => {
  it('names what is missing until everything is there', () => {
    const gate = new ReadinessGate();
    gate.ready('store');
    gate.ready('routes');
    expect(gate.state()).toEqual({
      ready: false,
      checks: { store: 'ok', routes: 'ok', lifecycle: 'the stored services are being taken up' },
    });
    gate.ready('lifecycle');
    expect(gate.state()).toEqual({
      ready: true,
      checks: { store: 'ok', lifecycle: 'ok', routes: 'ok' },
    });
  });

  it('takes no new traffic while it shuts down', () => {
    const gate = new ReadinessGate();
    for (const part of ['store', 'routes', 'lifecycle'] as const) gate.ready(part);
    gate.close();
    expect(gate.state()).toMatchObject({
      ready: false,
      checks: { process: 'the gateway is shutting down' },
    });
  });
});

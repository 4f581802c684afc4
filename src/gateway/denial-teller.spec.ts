import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { LocalAuthenticator } from '../auth/local.authenticator.js';
import { denialChannel } from './channels.js';
import { DenialTeller } from './denial-teller.js';

describe('DenialTeller', () => {
  const heard: unknown[] = [];
  const listen = (message: unknown): void => {
    heard.push(message);
  };
  const teller = new DenialTeller(new LocalAuthenticator());
  const request = { method: 'POST', headers: {} } as IncomingMessage;
  const tell = (path: string, status: number): void => {
    teller.consider(request, path, 'r1', { status, code: 'auth.x' });
  };

  beforeEach(() => {
    heard.length = 0;
    denialChannel.subscribe(listen);
  });
  afterEach(() => {
    denialChannel.unsubscribe(listen);
  });

  it.each([
    ['/mcp/weather', '/mcp/{service}'],
    ['/mcp', '/mcp/{service}'],
    ['/mcpx', '/{path}'],
    ['/api/v1/services', '/{path}'],
  ])('tells who was refused at %s', (subject, route) => {
    tell(subject, 403);
    expect(heard).toEqual([
      {
        actor: 'local',
        method: 'POST',
        route,
        subject,
        tool: null,
        code: 'auth.x',
        status: 403,
        request_id: 'r1',
      },
    ]);
  });

  it('tells of other refusals only where the management API never saw them', () => {
    tell('/mcp/weather', 503);
    tell('/api/v1/services', 415);
    expect(heard).toMatchObject([{ subject: '/api/v1/services', status: 415 }]);
  });
});

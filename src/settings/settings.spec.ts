import { describe, expect, it } from '@jest/globals';
import { Settings, type SettingsValues } from './settings.js';

const VALUES: SettingsValues = {
  host: '127.0.0.1',
  port: 8091,
  dataDir: '/data',
  apiKeysFile: '/keys.json',
  commands: ['node'],
  logLevel: 'warn',
  publicUrl: 'https://pub.example',
  environment: 'prod',
  allowedHosts: ['a.example'],
  allowedOrigins: ['https://b.example'],
  secretEnv: ['GEO_*'],
  secretDirs: ['/run/secrets'],
  envAllow: ['LD_PRELOAD'],
  egress: 'public',
  hookSecretsFile: '/hooks.json',
  webhooksFile: '/webhooks.json',
  sessionKeysFile: '/session.json',
  tlsCert: '/c.pem',
  tlsKey: '/k.pem',
  maxInstances: 7,
  inboxScopes: ['write'],
  backupIntervalHours: 12,
  backupKeep: 3,
  processEnvironment: { A: 'b' },
};

describe('Settings', () => {
  it.each(Object.keys(VALUES) as (keyof SettingsValues)[])('answers %s', (key) => {
    expect(new Settings({ ...VALUES })[key]).toBe(VALUES[key]);
  });

  it('freezes what it was made of', () => {
    const values = { ...VALUES };
    const settings = new Settings(values);
    expect(() => {
      values.host = '0.0.0.0';
    }).toThrow(TypeError);
    expect(settings.host).toBe('127.0.0.1');
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['', false],
    ['127.0.0.1.evil.example', false],
    ['192.168.1.2', false],
  ])('takes %p for loopback only: %p', (host, isLoopback) => {
    expect(new Settings({ ...VALUES, host }).isLoopback).toBe(isLoopback);
  });
});

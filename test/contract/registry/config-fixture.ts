import { CommandPolicy } from '../../../src/config/command-policy.js';
import { EffectiveConfigService } from '../../../src/config/effective-config.service.js';
import { PathResolver } from '../../../src/config/path-resolver.js';
import {
  shippedTemplatesDirectory,
  TemplateRepository,
} from '../../../src/config/template.repository.js';
import { TemplateService } from '../../../src/config/template.service.js';
import { SilentLogger } from '../../../src/kernel/logger.js';
import { Settings, type SettingsValues } from '../../../src/settings/settings.js';
import { NodeFileSystem } from '../../../src/storage/node.file-system.js';
import type { RecordStore } from '../../../src/storage/record-store.js';

/** Links and executables of a machine that exists only in the test: path to what it really is. */
export class FakePaths extends PathResolver {
  constructor(private readonly links: Readonly<Record<string, string>>) {
    super();
  }

  override realPath(path: string): Promise<string | null> {
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    return Promise.resolve(this.links[plain] ?? null);
  }

  /** Everything under a `bin` may be executed. */
  override isExecutable(path: string): Promise<boolean> {
    return Promise.resolve(this.links[path] !== undefined && path.includes('/bin/'));
  }
}

export const FAKE_PATHS = new FakePaths({
  '/usr/bin/node': '/usr/bin/node',
  '/usr/bin/npx': '/usr/lib/bin/npx-cli.js',
  '/usr/lib/bin/npx-cli.js': '/usr/lib/bin/npx-cli.js',
});

export function settingsWith(values: Partial<SettingsValues> = {}): Settings {
  return new Settings({
    host: '127.0.0.1',
    port: 8090,
    dataDir: '/data',
    apiKeysFile: null,
    commands: ['node', 'npx'],
    logLevel: 'silent',
    publicUrl: null,
    environment: null,
    allowedHosts: [],
    allowedOrigins: [],
    secretEnv: ['SWITCHYARD_SECRET_*'],
    secretDirs: [],
    envAllow: [],
    egress: 'any',
    hookSecretsFile: null,
    webhooksFile: null,
    sessionKeysFile: null,
    tlsCert: null,
    tlsKey: null,
    maxInstances: 64,
    inboxScopes: null,
    backupIntervalHours: 0,
    backupKeep: 7,
    processEnvironment: { PATH: '/usr/bin' },
    ...values,
  });
}

/** The real configuration services on the shipped templates, over `store`. */
export async function configServices(
  store: RecordStore,
  values: Partial<SettingsValues> = {},
): Promise<{ templates: TemplateService; configs: EffectiveConfigService }> {
  const settings = settingsWith(values);
  const repository = await TemplateRepository.open(
    new NodeFileSystem(),
    shippedTemplatesDirectory(),
    store,
    new SilentLogger(),
  );
  const templates = new TemplateService(repository);
  const path = settings.processEnvironment['PATH'] ?? '';
  const commands = new CommandPolicy(settings.commands, path, FAKE_PATHS);
  return { templates, configs: new EffectiveConfigService(templates, commands, settings) };
}
